"""Texts around the documentation of the interface: (Chinese, English). Its content is English: field names and codes are."""

from collections.abc import Mapping
from typing import Final

DOCS: Final[Mapping[str, tuple[str, str]]] = {
    "docs.title": ("接口文档", "The interface"),
    "docs.lead": (
        "本页由正在运行的程序自身生成，与它校验请求所用的定义同源；字段名与代码用英文。",
        "Made by the running program from the very definitions that it checks requests with.",
    ),
    "docs.openapi": ("下载 OpenAPI 3.1 文件", "Download the OpenAPI 3.1 document"),
    "docs.contents": ("目录", "Contents"),
    "docs.guides": ("从这里开始", "Start here"),
    "docs.staff": ("窗口与管理 /v1", "Counters and offices /v1"),
    "docs.devices": ("终端 /terminals", "Terminals /terminals"),
    "docs.protocol": ("终端协议", "The terminal protocol"),
    "docs.protocol.about": (
        "终端厂商只凭这一页（英文）即可接入：请求、签名、批文件、卡片与安全模块的指令，以及每个错误代码要求终端做什么。",
        "This page alone is enough to build a terminal: requests, signatures, files, commands to cards, and what to do on every error.",
    ),
    "docs.rules": ("通用规则", "Rules for all"),
    "docs.doors": ("如何表明身份", "How callers are recognised"),
    "docs.schemas": ("数据结构", "Schemas"),
    "docs.problems": ("问题代码", "Problem codes"),
    "docs.problems.about": (
        "每次拒绝都是一份 RFC 9457 问题文档。请按 code 判断，不要按文字。",
        "Every refusal is a problem document (RFC 9457). Compare the code, not the words.",
    ),
    "guide.clerk": ("窗口经办人", "Clerk"),
    "guide.clerk.about": (
        "经办人使用窗口页面 /console；程序可用下列调用办理同样的业务：登录，登记并关联社保，制卡，发卡，圈存，账户充值，申请退款，挂失。",
        (
            "Clerks work on the pages under /console; a program does the same by these calls: sign in, register and link to social"
            " security, personalise a card, hand it out, load it, top up the account, propose a refund, report it lost."
        ),
    ),
    "guide.resident": ("持卡市民", "Resident"),
    "guide.resident.about": (
        "市民使用 /portal 页面；窗口程序可用下列调用回答同样的问题：卡里和账户里有多少钱，每一笔的价格与由来，要缴什么，挂失。",
        (
            "Residents have their pages under /portal; a counter's program answers the same questions by these calls: how much is on"
            " my card and in my account, what did each ride cost and why, what must I pay, I have lost it."
        ),
    ),
    "guide.terminals": ("终端开发者", "Terminal developer"),
    "guide.terminals.about": (
        (
            "终端用自己的 Ed25519 密钥签署每个请求（RFC 9421），按批上传刷卡记录，逐条得到结论。"
            "联机消费与停车从账户付款，由卡片签名；没有收到应答就发冲正。"
            "记录格式、可核对的签名示例与每个错误的处理方法见本页的“终端协议”一章。"
        ),
        (
            "A device signs every request with its own Ed25519 key (RFC 9421), uploads taps in batches, and gets a verdict on each record."
            " Tills and parking gates are paid from the account by the card's signature; what nobody answered is taken back by a reversal."
            " Layouts, examples to check yours against, and what to do on each error are in the chapter on the terminal protocol."
        ),
    ),
    "op.open": ("无需登录", "open"),
    "op.session": ("员工会话", "staff session"),
    "op.signature": ("终端签名", "terminal signature"),
    "op.parameters": ("参数", "Parameters"),
    "op.body": ("请求体", "Request body"),
    "op.example": ("示例", "Example"),
    "op.answer": ("应答", "Answer"),
    "op.answer.example": ("应答示例", "An answer looks like this"),
    "op.answer.empty": ("没有内容", "no body"),
    "op.refusals": ("可能的拒绝", "May be refused with"),
    "op.link": ("链接到此处", "Link to this"),
    "field.name": ("字段", "Field"),
    "field.place": ("位置", "In"),
    "field.type": ("类型", "Type"),
    "field.about": ("说明", "Meaning"),
    "field.required": ("必填", "required"),
    "field.none": ("没有字段", "No fields"),
    "problem.status": ("状态", "Status"),
    "problem.code": ("代码", "Code"),
    "problem.title": ("含义", "Meaning"),
    "docs.empty": ("这个程序还没有可供调用的接口。", "This program has nothing to call yet."),
}
