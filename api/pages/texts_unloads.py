"""Words of the pages on which money leaves a chip, Chinese and English."""

from collections.abc import Mapping
from typing import Final

UNLOADS: Final[Mapping[str, tuple[str, str]]] = {
    "unload": ("圈提", "Take money off the card"),
    "unload.about": ("卡 {number} 芯片里的钱退还持卡人。", "From the chip of card {number} back to its holder."),
    "unload.wanted": ("圈提金额", "Amount"),
    "unload.hint": ("留空则全部取出", "Leave it empty for all there is"),
    "unload.all": ("全部", "all there is"),
    "unload.submit": ("下一步：放卡", "Next: the card"),
    "unload.start": ("开始圈提", "Take it off"),
    "unload.run.about": (
        "把卡放在读卡器上。卡片自己证明已扣出后，这笔钱才算退还。",
        "Lay the card on the reader. The money is the holder’s again once the card itself proves that it gave it.",
    ),
    "unload.open": (
        "有一笔 {amount} 的圈提未完成，先把它办完。",
        "Taking {amount} off is not finished; that comes first.",
    ),
    "unload.go_on": ("继续这笔圈提", "Go on with it"),
    "unload.amount": ("圈提金额", "Off the chip"),
    "unload.records": ("圈提记录", "Taken off"),
    "unload.slip": ("凭条号", "Slip"),
    "unload.state.requested": ("待放卡", "Asked for"),
    "unload.state.announced": ("待下令", "To be ordered"),
    "unload.state.authorised": ("待证明", "To be proved"),
    "unload.state.proven": ("已扣出", "Off the chip"),
    "unload.state.disproven": ("未扣出", "Still on the chip"),
    "unload.state.withdrawn": ("已撤销", "Withdrawn"),
    "unload.state.paid_out": ("已付现金", "Paid in cash"),
    "unload.now.requested": ("卡里的钱还没有动。", "Nothing has left the chip yet."),
    "unload.now.announced": (
        "已核验真卡，卡里的钱还没有动。放上同一张卡继续。",
        "The card is genuine; nothing has left it yet. Go on with the same card.",
    ),
    "unload.now.authorised": (
        "已发出扣款指令，结果未知，不要付钱。放上同一张卡，由卡片说明是否扣出。",
        "The order was sent and its end is not known: pay nothing. Lay the same card down: it says what became of it.",
    ),
    "unload.done": (
        "已扣出 {amount}，记在持卡人名下待退",
        "{amount} are off the chip and due to the holder",
    ),
    "unload.paid": (
        "卡已注销，{amount} 已付现金，凭条号 {slip}",
        "The card is closed; {amount} were paid in cash, slip {slip}",
    ),
    "unload.pay_out": ("注销卡片并付现金", "Close the card and pay in cash"),
    "unload.pay_out.about": (
        "卡片已证明芯片里没有余额。付款后这张卡不能再用。",
        "The card has proved that it is empty. Once paid, it cannot be used any more.",
    ),
    "unload.till": ("从哪个钱箱付", "Till that pays"),
    "unload.withdraw": ("撤销", "Withdraw"),
    "unload.withdraw.about": (
        "指令还没有发给卡片，撤销后什么也没有发生。",
        "No order was sent to the card; nothing will have happened.",
    ),
    "unload.again": ("重新圈提", "Begin again"),
    "unload.ended.disproven": (
        "卡片证明没有扣出，钱还在卡里。",
        "The card proved that it gave nothing; the money is still on it.",
    ),
    "unload.ended.withdrawn": ("已撤销，钱还在卡里。", "Withdrawn; the money is still on the card."),
    "console.unload.withdrawn": ("圈提已撤销", "It was withdrawn"),
    "console.unload.paid_out": ("已付现金，卡已注销", "Paid in cash; the card is closed"),
    "portal.card.leaving": (
        "其中 {amount} 正在办理圈提，请带卡到网点查明",
        "{amount} of it is being taken off: bring the card to a service point to find out",
    ),
}
