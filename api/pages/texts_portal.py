"""Texts of the pages under /portal: (Chinese, English)."""

from collections.abc import Mapping
from typing import Final

from api.pages.texts_portal_money import MONEY

START: Final[Mapping[str, tuple[str, str]]] = {
    "portal.have": ("我有多少钱", "What I have"),
    "portal.cost": ("花在哪里、为什么", "What it cost, and why"),
    "portal.pay": ("我要缴什么", "What I must pay"),
    "portal.nav.start": ("总览", "Overview"),
    "portal.nav.cards": ("我的卡", "Cards"),
    "portal.nav.bills": ("缴费", "Bills"),
    "portal.nav.top_ups": ("充值", "Top up"),
    "portal.nav.receipts": ("收据", "Receipts"),
    "portal.nav.account": ("账户明细", "Account"),
    "portal.account.now": ("当前余额，随时可用", "As of now"),
    "portal.account.frozen": (
        "账户已冻结：有一张卡正在挂失。可以存入，暂时不能支出。",
        "The account is frozen because a card is reported lost. Money still comes in, none goes out.",
    ),
    "portal.account.closed": ("账户已销户，不能存入和支出。", "The account is closed: nothing comes in or goes out."),
    "portal.account.none": ("还没有联机账户", "No on-line account yet"),
    "portal.account.none.about": (
        "开户免费。账户可以缴费、停车，挂失时余额不受损失。",
        "It costs nothing. It pays bills and parking, and its money is safe when a card is lost.",
    ),
    "portal.account.open": ("开立账户", "Open my account"),
    "portal.account.opened": ("账户已开立，您的卡可以从账户付款", "Your account is open, and your cards pay from it"),
    "portal.account.cannot_pay": ("账户现在不能支出。", "The account cannot pay at present."),
    "portal.account.too_low": ("账户余额 {balance}，不够支付。", "The account holds {balance}, which is not enough."),
    "portal.account.before": ("账户余额", "In the account"),
    "portal.account.after": ("支付后余额", "Left afterwards"),
    "portal.account.about": ("每一笔存入和支出。", "Everything that came in and went out."),
    "portal.account.cards": ("从此账户付款的卡：", "Cards that pay from it:"),
    "portal.account.no_cards": ("没有卡从此账户付款。", "No card pays from it."),
    "portal.welcome.register": ("注册成功，欢迎使用", "You are registered. Welcome"),
    "portal.welcome.reset": ("密码已重设，其他设备上的登录已结束", "The password is new; other sessions have ended"),
}

REGISTER: Final[Mapping[str, tuple[str, str]]] = {
    "portal.to_register": ("还没有用户名？用市民卡注册", "No login yet? Register with your card"),
    "portal.to_reset": ("忘记密码？用市民卡重设", "Forgotten the password? Set a new one with your card"),
    "portal.register": ("用市民卡注册", "Register with your card"),
    "portal.register.about": (
        "把您的市民卡放在读卡器上，卡片证明是本人持卡，就能设置用户名和密码。",
        "Your card proves on a reader that it is here; then you have a login of your own.",
    ),
    "portal.register.submit": ("读卡并注册", "Read the card and register"),
    "portal.reset": ("用市民卡重设密码", "Set a new password with your card"),
    "portal.reset.about": (
        "把您的市民卡放在读卡器上，即可重新设置用户名和密码。原来的密码和登录立即失效。",
        "With your card on a reader you choose login and password anew. The old password and its sessions end at once.",
    ),
    "portal.reset.submit": ("读卡并重设", "Read the card and set it"),
    "portal.register.login.hint": (
        "3 至 32 个小写字母、数字或 . _ -，以字母开头；不要用证件号或手机号",
        "3 to 32 small letters, digits or . _ -, a letter first; no ID or telephone number",
    ),
    "portal.register.again": ("再次输入密码", "The password again"),
    "portal.register.card": (
        "先把卡平放在读卡器上，再点按钮，约需 2 秒，期间不要移开。",
        "Lay the card on the reader, then press the button. It takes about two seconds; leave it there.",
    ),
    "portal.register.login_taken": ("这个用户名已有人使用，请换一个", "Somebody has this login; choose another"),
    "portal.register.login_unfit": (
        "这个用户名不能使用，请看上面的要求",
        "This login cannot be used; see what is asked for above",
    ),
    "portal.register.password_unfit": (
        "这个密码不能使用：须有 12 至 128 个字符，且不含用户名",
        "This password cannot be used: 12 to 128 characters, without the login",
    ),
    "portal.register.no_answer": ("没有读到卡片。", "No card was read."),
    "portal.register.no_reader": ("这台电脑没有可用的读卡器", "This computer has no reader that can be used"),
    "portal.register.no_reader.about": (
        "请到服务网点的自助电脑上办理，带上您的市民卡。只有真卡在场才能注册或重设密码。",
        "Please come to a service point with your card. Only the card itself can register or set a new password.",
    ),
    "portal.step.choose": ("设置用户名和密码", "Choose login and password"),
    "portal.step.prove": ("卡片证明在场", "The card proves that it is here"),
    "portal.step.enter": ("登录，账户就绪", "Signed in, account ready"),
    "portal.reader.no_reader": ("请把卡放在读卡器上，不要移动。", "Lay the card on the reader and leave it there."),
    "portal.reader.no_agent": (
        "读卡程序没有应答。没有任何内容被更改，请找工作人员。",
        "The reader of this computer does not answer. Nothing was changed; please ask the staff.",
    ),
    "portal.reader.reader_busy": ("读卡器正忙，请稍候再试。", "The reader is busy; try again in a moment."),
    "portal.reader.step_expired": (
        "等得太久，指令已过期。请放好卡再试一次。",
        "That took too long. Lay the card down and try again.",
    ),
    "portal.reader.session_over": (
        "读卡中断，请放好卡再试一次。",
        "The card was taken away. Lay it down and try again.",
    ),
    "portal.reader.agent": (
        "没有读成。没有任何内容被更改，请放好卡再试一次。",
        "It could not be read. Nothing was changed; lay the card down and try again.",
    ),
    "portal.reader.away": ("服务器没有应答，请稍后再试。", "The server does not answer; try again in a moment."),
    "portal.reader.server": ("没有任何内容被更改。", "Nothing was changed."),
}

CARDS: Final[Mapping[str, tuple[str, str]]] = {
    "portal.cards": ("我的卡", "My cards"),
    "portal.cards.about": (
        "卡内余额以收到的刷卡记录为准；公交车上的刷卡可能晚一天到。",
        "What is on a chip is what has reached the books; taps on buses may arrive a day later.",
    ),
    "portal.cards.none": ("您名下没有卡", "You have no card"),
    "portal.cards.none.about": ("可以到服务网点申领。", "You can apply for one at a service point."),
    "portal.cards.all": ("全部卡片", "All cards"),
    "portal.card.money": ("卡内余额", "On the chip"),
    "portal.card.as_of": ("卡内余额，截至 {at} 的记录", "On the chip, by what was known at {at}"),
    "portal.card.no_taps": ("卡内余额，尚无刷卡记录", "On the chip; no taps yet"),
    "portal.card.under_way": ("另有 {amount} 正在写入卡片", "{amount} more on its way to the chip"),
    "portal.card.due": (
        "另有 {amount} 待补登，请到网点写入",
        "{amount} more is yours: have it put on at a service point",
    ),
    "portal.card.not_yet": ("卡片尚未领取。", "The card is not in your hands yet."),
    "portal.card.pays_too": ("停车和商户消费从联机账户付款。", "Parking and shops are paid from the on-line account."),
    "portal.card.pays_alone": ("此卡不从联机账户付款。", "This card does not pay from the on-line account."),
    "portal.taps": ("乘车与刷卡", "Rides and taps"),
    "portal.stays": ("停车", "Parking"),
    "portal.newest": ("最新", "Newest"),
    "portal.journeys.none": ("还没有记录", "Nothing yet"),
    "portal.journeys.none.about": (
        "刷卡后，费用和原因会出现在这里。",
        "After a ride, what it cost and why stands here.",
    ),
    "portal.journey.checked": (
        "我们正在核对这笔记录，您无需处理。",
        "We are still checking this one; there is nothing for you to do.",
    ),
    "portal.journey.checking": ("核对中", "being checked"),
    "portal.journey.open": ("未结", "open"),
    "portal.journey.no_time": ("时间未知", "time unknown"),
    "portal.ride.differs": (
        "实收 {amount}，我们正在核对。",
        " {amount} was charged; we are looking into it.",
    ),
    "portal.ride.given_back": (
        "{day} 日终退还 {amount}：{reason}。",
        " Given back at the close of {day}: {amount} ({reason}).",
    ),
    "portal.parking.at": ("停车 {lot}", "Parking {lot}"),
    "portal.parking.inside": (
        "车在场内，已停 {n} 分钟",
        "The car is inside, one minute so far|The car is inside, {n} minutes so far",
    ),
    "portal.parking.stay": ("停 {n} 分钟：{parts}", "One minute: {parts}|{n} minutes: {parts}"),
    "portal.parking.none": ("不足一分钟，免费", "Less than a minute: free"),
    "portal.parking.unpaid": ("；尚未支付", "; not paid yet"),
    "portal.loss.about": (
        "卡 {number}。请先看清后果，再确认。",
        "Card {number}. Please read what follows from it first.",
    ),
    "portal.loss.means.temporary": (
        "立即停用。找到卡后，带证件到网点可以解挂，卡继续使用。",
        "It stops at once. If you find it, a service point takes the report back and the card works again.",
    ),
    "portal.loss.means.final": (
        "立即停用，不能恢复。到网点补领新卡，余额转到新卡。",
        "It stops at once and for good. A new card at a service point gets what was left on it.",
    ),
    "portal.loss.window": (
        "离线刷卡在挂失后 {n} 分钟内可能仍然成功，由您承担；此后由我们承担。",
        "Off-line taps in the next {n} min may still succeed and are yours; later ones are ours.",
    ),
    "portal.loss.at_once": (
        "自挂失起终端拒收此卡；此前的刷卡由您承担，此后由我们承担。",
        "Terminals refuse the card from now on; taps before the report are yours, later ones are ours.",
    ),
    "portal.loss.account": (
        "联机账户同时冻结：不能支出，可以存入，余额不受损失。",
        "The on-line account is frozen with it: nothing goes out, money still comes in, nothing is lost.",
    ),
    "portal.loss.done": ("已挂失，自 {at} 起终端拒收此卡", "Reported lost: terminals refuse the card from {at} on"),
    "portal.loss.is_temporary": (
        "已临时挂失。找到后请带证件到网点解挂；找不到请正式挂失。",
        "Reported lost for now. Found it? A service point takes the report back. Else report it for good.",
    ),
    "portal.loss.is_final": (
        "已正式挂失。请到网点补领新卡。",
        "Reported lost for good. A service point makes you a new card.",
    ),
    "portal.loss.not_now": ("这张卡现在不能挂失", "This card cannot be reported lost now"),
    "portal.loss.not_now.about": ("只有在您手里使用中的卡可以挂失。", "Only a card that is in your hands can be."),
    "portal.loss.never": ("这类卡不办理挂失", "Cards of this class have no report of loss"),
    "portal.loss.never.about": ("如有疑问，请到服务网点。", "Please ask at a service point."),
}

PORTAL: Final[Mapping[str, tuple[str, str]]] = {**START, **REGISTER, **CARDS, **MONEY}
