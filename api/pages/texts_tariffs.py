"""The words about tariffs at the desk."""

from collections.abc import Mapping
from typing import Final

LIST: Final[Mapping[str, tuple[str, str]]] = {
    "console.nav.tariffs": ("资费", "Tariffs"),
    "console.tariffs": ("资费版本", "Tariff versions"),
    "console.tariffs.about": (
        "每一版都由两人确认并永久保存；刷卡按其所用的版本计价。",
        "Two people agreed to each version, and each is kept for ever; a tap is priced by the version it names.",
    ),
    "tariff.none": ("还没有资费", "There is no tariff yet"),
    "tariff.none.about": (
        "提交一份资费文件，由另一人确认后生效。",
        "Propose a tariff file; it takes effect once a second person has agreed.",
    ),
    "tariff.version": ("版本", "Version"),
    "tariff.number": ("第 {version} 版", "Version {version}"),
    "tariff.name": ("名称", "Name"),
    "tariff.state": ("状态", "State"),
    "tariff.state.waiting": ("待生效", "waits for its time"),
    "tariff.state.in_force": ("生效中", "in force"),
    "tariff.state.past": ("已失效", "past"),
    "tariff.state.withdrawn": ("已撤回", "withdrawn"),
    "tariff.effective_from": ("生效时间", "In force from"),
    "tariff.published_at": ("发布时间", "Published"),
    "tariff.withdrawn_at": ("撤回时间", "Withdrawn"),
    "tariff.proposed_by": ("提交人", "Proposed by"),
    "tariff.approved_by": ("复核人", "Approved by"),
    "tariff.restores": ("恢复第 {version} 版的规则", "brings back the rules of version {version}"),
    "tariff.sample": (
        "含有标为“样例”的规则：收费前须向主管部门核实。",
        "Some of its rules are marked as samples: they have to be checked before anybody is charged.",
    ),
    "tariff.download": ("下载文件", "Download the file"),
    "tariff.submit": ("提交复核", "Put before a second person"),
    "tariff.proposed": ("已提交，待另一人复核", "Proposed; it waits for a second person"),
    "tariff.time.unfit": ("请写成 2026-12-01T00:00（北京时间）", "Write it as 2026-12-01T00:00, Beijing time"),
    "tariff.roll_back": ("回退到第 {version} 版", "Roll back to version {version}"),
    "tariff.roll_back.about": (
        "这一版的规则将以新的版本号再次生效。已计价的刷卡不变。",
        "Its rules hold again, under a new number. Taps that were priced stay as they are.",
    ),
    "tariff.roll_back.when": (
        "北京时间；不填则复核同意后立即生效",
        "Beijing time; empty: at once when a second person has agreed",
    ),
    "tariff.withdraw": ("撤回这一版", "Withdraw this version"),
    "tariff.withdraw.about": (
        "撤回后这一版永不生效，届时仍按当时生效的版本计价。",
        "It will never take effect; taps are priced by what is in force then.",
    ),
    "tariff.withdraw.reason": ("撤回原因", "Why"),
}

DRAFT: Final[Mapping[str, tuple[str, str]]] = {
    "tariff.new": ("提交资费", "Propose a tariff"),
    "tariff.new.about": (
        "检查时列出全部错误及其位置；没有错误的可先看影响，再提交复核。",
        "Every mistake is shown with its place. What has none can be previewed, and then put before a second person.",
    ),
    "tariff.file": ("选择文件", "Choose a file"),
    "tariff.document": ("资费文件（JSON）", "The tariff (JSON)"),
    "tariff.document.hint": ("版本号由系统给出", "Its version number is given by the server"),
    "tariff.effective_from.hint": ("北京时间；不填则以文件所写为准", "Beijing time; empty: as the file says"),
    "tariff.wish": ("下一步", "What next"),
    "tariff.wish.look": ("检查并查看影响", "Check it and show what it changes"),
    "tariff.wish.propose": ("提交另一人复核", "Put it before a second person"),
    "tariff.go_on": ("继续", "Go on"),
    "tariff.faults": ("有 {n} 处错误", "{n} mistake|{n} mistakes"),
    "tariff.fault": ("应当如何", "What is wrong"),
    "tariff.place": ("位置", "Place"),
    "tariff.place.whole": ("整个文件", "the whole file"),
    "tariff.sound": ("没有错误。以下是它的内容和影响。", "No mistakes. Below is what it says, and what it changes."),
}

PREVIEW: Final[Mapping[str, tuple[str, str]]] = {
    "tariff.says": ("资费内容", "What it says"),
    "tariff.exact": ("文件原文", "Its exact text"),
    "tariff.of_rollback": (
        "回退：恢复第 {version} 版的规则，编为第 {number} 版。",
        "Going back: the rules of version {version} again, as version {number}.",
    ),
    "tariff.at_once": ("同意后立即生效。", "It takes effect at once when you agree."),
    "tariff.at_time": ("{at} 起生效。", "It takes effect on {at}."),
    "tariff.of_withdrawal": (
        "撤回第 {version} 版：原定 {at} 生效，撤回后永不生效。",
        "Withdraw version {version}: it was to take effect on {at}, and never will.",
    ),
    "tariff.not_previewed": (
        "影响预览未显示；重新打开本页即可查看。",
        "The preview is not shown here; open this page again to see it.",
    ),
    "tariff.foreign": (
        "这份资费以 {currency} 计价，而本市以人民币收费：生效后将无法计价。",
        "It is in {currency}, and the city charges in yuan: by this tariff nothing here could be priced.",
    ),
    "tariff.differences": ("与现行资费的不同", "What it changes"),
    "tariff.differences.about": ("与第 {version} 版相比：", "Compared with version {version}, which is in force:"),
    "tariff.differences.none": (
        "与第 {version} 版内容相同。",
        "It says the same as version {version}, which is in force.",
    ),
    "tariff.differences.first": ("目前没有生效的资费。", "No tariff is in force."),
    "tariff.differences.more": ("另有 {n} 处不同", "and {n} more place|and {n} more places"),
    "tariff.prices": ("票价的变化", "Prices that change"),
    "tariff.lines": ("线路", "Lines"),
    "tariff.who": ("对象", "Who"),
    "tariff.rules": ("规则的变化", "Rules that change"),
    "tariff.others": ("其他变化", "What else changes"),
    "tariff.before": ("现行", "Now"),
    "tariff.after": ("新资费", "With this tariff"),
    "tariff.nothing": ("（无）", "(nothing)"),
    "tariff.simulation": ("按近期刷卡试算", "On past taps"),
    "tariff.simulation.about": (
        "{first} 至 {until} 的 {n} 笔已接受乘车。",
        "{n} accepted ride from {first} to {until}.|{n} accepted rides from {first} to {until}.",
    ),
    "tariff.simulation.full": (
        "已计入封顶、累计等须看历史的规则。",
        "Caps, bands and other rules over a card's history are applied.",
    ),
    "tariff.simulation.records": ("仅按单笔记录计价。", "Each ride is priced by its own record."),
    "tariff.simulation.cut": (
        "刷卡较多，这里只试算了一部分（{n} 笔）。全部试算请用命令 citizencard tariff simulate。",
        "There are more taps than a preview looks at; these are {n}. The command citizencard tariff simulate looks at all.",
    ),
    "tariff.simulation.none": ("这段时间没有刷卡", "No taps in that time"),
    "tariff.simulation.none.about": ("没有可以试算的记录。", "There is nothing to try it on."),
    "tariff.group": ("范围", "Which"),
    "tariff.taps": ("笔数", "Taps"),
    "tariff.change": ("差额", "Difference"),
    "tariff.dearer": ("变贵", "Dearer"),
    "tariff.cheaper": ("变便宜", "Cheaper"),
    "tariff.unchanged": ("不变", "Unchanged"),
    "tariff.all": ("合计", "All"),
    "tariff.line": ("{line} 路", "Line {line}"),
    "tariff.class": ("卡种 {number}", "Class {number}"),
    "tariff.sponsors": ("补贴方承担", "What sponsors pay"),
    "tariff.sponsor": ("补贴方", "Sponsor"),
    "tariff.unpriced": ("无法计价的刷卡", "Taps without a price"),
    "tariff.missing": ("缺少的规则", "Missing rule"),
    "tariff.largest": ("变化最大的刷卡", "Taps that change most"),
    "tariff.unexplained": ("当时没有计价说明", "no explanation was kept"),
}

TARIFFS: Final[Mapping[str, tuple[str, str]]] = {**LIST, **DRAFT, **PREVIEW}
