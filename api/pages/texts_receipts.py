"""Texts of receipts, on the page that checks them and on the slip itself: (Chinese, English)."""

from collections.abc import Mapping
from typing import Final

RECEIPTS: Final[Mapping[str, tuple[str, str]]] = {
    "receipt.kind.bill": ("缴费凭证", "Payment receipt"),
    "receipt.kind.top_up": ("充值凭证", "Top-up receipt"),
    "receipt.kind.refund": ("退款凭证", "Refund receipt"),
    "receipt.serial": ("凭证号", "Receipt no."),
    "receipt.issued_at": ("时间", "Time"),
    "receipt.amount": ("金额", "Amount"),
    "receipt.utility": ("收费单位", "Utility"),
    "receipt.service": ("缴费项目", "Service"),
    "receipt.household": ("户号", "Household no."),
    "receipt.period": ("账期", "Period"),
    "receipt.quantity": ("用量", "Quantity"),
    "receipt.tariff": ("价格版本", "Tariff version"),
    "receipt.bill": ("账单号", "Bill"),
    "receipt.how": ("支付方式", "Paid by"),
    "receipt.how_back": ("退款方式", "Given back by"),
    "receipt.account": ("账户", "Account"),
    "receipt.balance": ("充值后余额", "Balance after"),
    "receipt.of": ("原凭证号", "Original receipt"),
    "receipt.how.account": ("市民卡账户", "citizen card account"),
    "receipt.how.online": ("网上支付", "online payment"),
    "receipt.how.cash": ("现金", "cash"),
    "receipt.how.other": ("其他方式", "another way"),
    "receipt.parts": ("计费明细", "How it is reckoned"),
    "receipt.part": ("项目", "Item"),
    "receipt.unit_price": ("单价", "Unit price"),
    "receipt.part.units": ("用量", "Usage"),
    "receipt.part.no_units": ("未使用", "Nothing used"),
    "receipt.part.tier": ("第 {tier} 档", "Tier {tier}"),
    "receipt.part.tier_surcharge": ("第 {tier} 档加价", "Surcharge of tier {tier}"),
    "receipt.part.register": ("分表计量：{register}", "Register: {register}"),
    "receipt.part.free_units": ("免费额度：{allowance}", "Free units: {allowance}"),
    "receipt.part.base_fee": ("固定费用：{fee}", "Fixed fee: {fee}"),
    "receipt.part.base_fee_months": ("固定费用：{fee}（{months} 个月）", "Fixed fee: {fee}, months: {months}"),
    "receipt.part.add_on": ("附加费：{add_on}", "Charge: {add_on}"),
    "receipt.part.add_on.sewage": ("污水处理费", "Sewage"),
    "receipt.part.bill_tax": ("税费：{tax}（{percent}%）", "Tax: {tax}, {percent}%"),
    "receipt.part.bill_minimum": ("补足最低收费", "Up to the minimum"),
    "receipt.part.rounded_up": ("进位", "Rounded up"),
    "receipt.part.rounded_down": ("舍去", "Rounded down"),
    "receipt.unit.t": ("吨", "t"),
    "receipt.scan": ("扫码核验", "Scan to verify"),
    "receipt.scan.about": (
        "核验页面只显示本凭证上的内容。请核对网址：",
        "The page shows what this slip shows and nothing else. Check the address:",
    ),
    "verify.title": ("凭证核验", "Receipt check"),
    "verify.genuine": ("凭证属实", "This receipt is genuine"),
    "verify.genuine.about": (
        "下列内容即本系统当时开具的凭证。请与手中的凭证逐项核对：有任何不同，以本页为准。",
        "This is what we issued. Compare it with the slip in your hand, line by line: where they differ, this page is right.",
    ),
    "verify.slip": ("下载凭证（PDF）", "Download the slip (PDF)"),
    "verify.none": ("没有这张凭证", "There is no such receipt"),
    "verify.none.about": (
        "这个网址不对应本系统开具的任何凭证。请重新扫描凭证上的二维码，或逐字核对网址；仍然如此，请勿据此凭证付款或放行。",
        (
            "No receipt of ours has this address. Scan the code on the slip again, or compare the address letter by letter;"
            " if it stays so, do not accept the slip."
        ),
    ),
}
