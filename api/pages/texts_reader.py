"""Texts of the card reader at the counter, its agent and its jobs: (Chinese, English)."""

from collections.abc import Mapping
from typing import Final

READER: Final[Mapping[str, tuple[str, str]]] = {
    "console.agents": ("读卡器", "Card readers"),
    "console.agents.about": (
        "每台工作电脑上的读卡程序，配对后还须主管确认才能读写卡。",
        "The program beside each reader: paired at the desk, then confirmed by a supervisor.",
    ),
    "console.agents.open": ("管理读卡器", "Manage readers"),
    "console.agents.list": ("已配对的读卡器", "Paired readers"),
    "console.agents.none": ("还没有配对的读卡器", "No reader is paired yet"),
    "console.agents.none.about": (
        "先在本机启动读卡程序，再输入它显示的配对码。",
        "Start the agent on this computer, then enter the code that it shows.",
    ),
    "console.agent.here": ("本机读卡器", "Reader of this workstation"),
    "console.agent.state": ("状态", "State"),
    "console.agent.state.none": ("未配对", "None"),
    "console.agent.state.paired": ("待主管确认", "Waits for a supervisor"),
    "console.agent.state.confirmed": ("可用", "Ready"),
    "console.agent.state.ended": ("已停用", "Ended"),
    "console.agent.emulated": ("模拟读卡器", "emulated"),
    "console.agent.present": ("读卡程序正在运行。", "The agent is running."),
    "console.agent.none.about": (
        "本机还没有读卡器：请先配对，或选择已配对的一台。",
        "Pair one, or choose one that is paired already.",
    ),
    "console.agent.paired.about": (
        "主管在工作电脑上核对指纹并确认后才能使用。",
        "A supervisor compares the fingerprint at the workstation first.",
    ),
    "console.agent.ended.about": ("这台读卡器已停用，请重新配对。", "This reader was ended; pair it anew."),
    "console.agent.about": ("配对的读卡程序及其密钥指纹。", "The paired agent and the fingerprint of its key."),
    "console.agent.pair": ("配对本机读卡器", "Pair the reader of this workstation"),
    "console.agent.pair.about": (
        (
            "在本机运行 citizencard-agent run，用 --origin 写明本页的网址（协议、主机、端口），"
            "再把窗口里的配对码填在这里。配对码 5 分钟内有效。"
        ),
        (
            "On this computer run citizencard-agent run with --origin and the address of this page (scheme, host, port), and enter the"
            " code in its window. It lives five minutes."
        ),
    ),
    "console.agent.pair.submit": ("配对", "Pair"),
    "console.agent.code": ("配对码", "Pairing code"),
    "console.agent.code.hint": ("例如 7KQ2-M9XA", "Such as 7KQ2-M9XA"),
    "console.agent.name": ("工作电脑名称", "Workstation"),
    "console.agent.name.hint": ("例如：3 号窗口", "Such as: window 3"),
    "console.agent.no_script": (
        "没有读到读卡程序的应答：配对需要启用脚本",
        "The agent did not answer: pairing needs scripts",
    ),
    "console.agent.id": ("编号", "Id"),
    "console.agent.fingerprint": ("密钥指纹", "Fingerprint"),
    "console.agent.fingerprint.hint": (
        "照工作电脑上显示的输入：citizencard-agent show",
        "As the workstation shows it: citizencard-agent show",
    ),
    "console.agent.fingerprint.at_desk": ("请到工作电脑上查看", "read it at the workstation"),
    "console.agent.paired_by": ("配对人", "Paired by"),
    "console.agent.confirmed_by": ("确认人", "Confirmed by"),
    "console.agent.nobody": ("尚未确认", "nobody yet"),
    "console.agent.acts": ("本机使用", "Use here"),
    "console.agent.choose": ("设为本机", "Use here"),
    "console.agent.is_here": ("本机", "this one"),
    "console.agent.confirm": ("确认这台读卡器", "Confirm this reader"),
    "console.agent.end": ("停用这台读卡器", "End the pairing of this reader"),
    "console.agent.end.about": (
        "停用后不能恢复，需要重新配对。",
        "It cannot be taken back; the agent is paired anew afterwards.",
    ),
    "console.agent.paired": ("已配对，等待主管确认指纹", "Paired; a supervisor compares the fingerprint next"),
    "console.agent.confirmed": ("已确认，可以读写卡", "Confirmed; it can be used"),
    "console.agent.ended": ("已停用", "Ended"),
    "console.agent.chosen": ("已设为本机读卡器", "This is the reader of this workstation now"),
    "reader.start.issue": ("开始制卡", "Make the card"),
    "reader.start.load": ("开始写卡", "Load the chip"),
    "reader.start.recover": ("查明结果", "Find out what became of it"),
    "reader.resume": ("继续", "Go on"),
    "reader.none_here": (
        "本机没有可用的读卡器，不能读写卡。没有任何内容被更改。",
        "This workstation has no reader that can be used. Nothing was changed.",
    ),
    "reader.no_script": ("读写卡需要启用脚本。", "The reader needs scripts."),
    "reader.no_reader": ("请把卡放在读卡器上，不要移动。", "Lay the card on the reader and leave it there."),
    "reader.no_agent": (
        "读卡程序没有应答：请在本机启动它，再点「继续」。已完成的步骤不会丢失。",
        "The agent on this computer does not answer: start it and go on. What was done stays done.",
    ),
    "reader.reader_busy": ("读卡器正忙，请稍候再点「继续」。", "The reader is busy; wait a moment and go on."),
    "reader.step_expired": (
        "指令已过期：请核对本机时间，再点「继续」。",
        "The step is too old: check this computer’s clock, then go on.",
    ),
    "reader.session_over": (
        "读卡会话已中断：请放好卡，点「继续」接着办。",
        "The session with the card ended: lay the card down and go on.",
    ),
    "reader.agent": (
        "读卡程序拒绝了这一步。没有写入；请点「继续」，仍不行请联系主管。",
        "The agent refused this step and wrote nothing. Go on; if it happens again, ask a supervisor.",
    ),
    "reader.away": (
        "服务器没有应答。已完成的步骤不会丢失，请点「继续」。",
        "The server does not answer. What was done stays done: go on.",
    ),
    "reader.server": ("这一步没有办理。", "This step was not done."),
    "reader.already_paired": (
        "这个读卡程序已配对：请先在本机解除配对。没有新的配对。",
        "This agent belongs to a server already: un-pair it at the workstation first. Nothing was paired.",
    ),
    "reader.pairing_code_wrong": (
        "配对码不对，没有配对。请核对窗口里的配对码。",
        "The code is wrong and nothing was paired. Compare it with the agent’s window.",
    ),
    "reader.pairing_code_dead": (
        "配对码已失效，没有配对。请重新启动读卡程序。",
        "The code is not good any more and nothing was paired. Start the agent again.",
    ),
    "step.connected": ("读到卡片", "Card found on the reader"),
    "step.secured": ("更换出厂密钥", "Maker’s key replaced"),
    "step.written": ("写入密钥与持卡人资料", "Keys and holder’s data written"),
    "step.proved": ("卡片自证密钥正确", "Card proves its keys"),
    "step.activated": ("激活", "Activated"),
    "step.booked": ("核验真卡，现金入账", "Genuine card, cash booked"),
    "step.credited": ("写入余额，卡片证明", "Credited, and proved by the card"),
    "step.ordered": ("核验真卡，登记指令", "Genuine card, order written down"),
    "step.debited": ("扣出，卡片证明", "Taken off, and proved by the card"),
    "outcome.personalised": ("卡已制好。", "The card is made."),
    "outcome.loaded": ("已写入卡片。", "It is on the chip."),
    "outcome.torn": (
        "卡被移开了。请把同一张卡放回读卡器，点「继续」：会从卡片说的地方接着办。",
        "The card was taken away. Lay the same card back and go on: the card says how far it came.",
    ),
    "outcome.card_refused": (
        "卡片拒绝了指令，这一步没有完成。换正确的卡再点「继续」，仍不行请换一张白卡并联系主管。",
        "The card refused; this step was not done. Try the right card again, else ask a supervisor.",
    ),
    "outcome.not_proved": (
        "卡片没能证明密钥，不能发出。请点「继续」重做。",
        "The card did not prove its keys and must not be handed out. Go on to make it anew.",
    ),
    "outcome.superseded": ("另一个窗口接手了这张卡。", "Another window took over this card."),
    "outcome.card_not_genuine": (
        "这张卡不是真卡，没有收款入账。请收下卡并联系主管。",
        "This card is not genuine; no cash was booked. Keep it and ask a supervisor.",
    ),
    "outcome.over_ceiling": (
        "超过芯片上限，没有收款入账。请改小金额。",
        "More than the chip may hold; no cash was booked. Take a smaller amount.",
    ),
    "outcome.replayed": (
        "卡片的应答是旧的，没有写入。请点「继续」。",
        "The card’s answer is an old one; nothing was written. Go on.",
    ),
    "outcome.undecided": (
        "是否写入尚不清楚，钱在途中，没有丢失。请放回同一张卡，点「继续」由卡片说明。",
        "It is not known yet whether the card was credited; the money is safe on its way. Lay the same card back and go on.",
    ),
    "outcome.disproven": (
        "卡片证明没有写入。点「继续」再写一次。",
        "The card proved that it was not credited. Go on to load it again.",
    ),
    "outcome.given_back": ("这笔钱已退回，没有再写入。", "The money was given back before; nothing was written."),
    "outcome.unloaded": ("已从卡片扣出。", "It is off the chip."),
    "outcome.nothing_on_chip": ("卡里没有余额。", "There is nothing on the chip."),
    "outcome.balance_differs": (
        "卡片证明的余额与读到的不同，没有扣款。请点「继续」。",
        "The balance that the card proves is not the one that was read; nothing left the chip. Go on.",
    ),
    "outcome.unload_undecided": (
        "是否扣出尚不清楚，不要付钱。请放回同一张卡，点「继续」由卡片说明。",
        "It is not known yet whether the card gave the money: pay nothing. Lay the same card back and go on.",
    ),
    "outcome.unload_disproven": (
        "卡片证明没有扣出，钱还在卡里。",
        "The card proved that it gave nothing; the money is still on it.",
    ),
}
