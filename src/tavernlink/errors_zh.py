"""What each error code means, in Chinese: for the terminal, the console, the panel and the site alike.

The English words stand with the classes in `errors.py`. What a program is sent is always English; a face that speaks
Chinese says the meaning of the code, and then whatever the sender told beyond that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tavernlink.errors import CODES, TavernlinkError

__all__ = ["CHINESE", "in_chinese"]

CHINESE: Final[Mapping[str, str]] = {
    "internal": "中枢出现了不该有的故障。",
    # Who you are.
    "unauthorized": "没有密钥，或中枢不认识这个密钥。请用 `tavernlink keys create` 创建一个。",
    "key_revoked": "这个密钥已被吊销。请用 `tavernlink keys create` 创建新的密钥。",
    "key_expired": "这个密钥已过期。请用 `tavernlink keys create` 创建新的密钥。",
    "forbidden": "这个密钥的角色不允许这样做。",
    "origin_refused": "中枢不允许来自此网页地址的连接。请把它加入设置中的 `allowed_origins`。",
    "protocol_unsupported": "中枢不支持这个协议版本。",
    "replaced": "另一个连接接管了此身份。",
    "invalid_auth": "连接时没有说明身份，或格式不对。",
    "auth_timeout": "没有及时收到有效的 hello。",
    "not_a_member": "只有房间的成员可以这样做。请凭邀请加入，或请人添加。",
    "muted": "在这个房间中已被禁言。",
    "banned": "已被请出这个房间，暂时不能回来。",
    "refused": "SillyTavern 前的人不同意这样做。",
    "not_allowed": "SillyTavern 前的人不允许脚本这样做。详情中写明了是哪一条规则。",
    # What you sent.
    "invalid_json": "消息不是有效的 JSON。",
    "invalid_message": "消息的内容不符合它的类型。",
    "unknown_type": "中枢不认识这种消息。",
    "unknown_command": "SillyTavern 不认识这个命令。",
    "too_large": "内容超过了大小限制。",
    "invalid_expression": "CEL 表达式有误。",
    "invalid_arguments": "参数不符合函数的 JSON Schema。",
    "invalid_schema": "这不是中枢可以用来检查的 JSON Schema。",
    "dropped": "中枢的一条路由规则不放行此消息。",
    "rate_limited": "短时间内消息过多。请放慢速度，稍后再试。",
    "unsupported_parameter": "这里无法照此参数办理。",
    "not_for_this_role": "这个角色不能发送此类消息。",
    "invalid_script": "SillyTavern 无法读懂这段脚本。",
    "invalid_pattern": "SillyTavern 无法使用这个正则表达式。",
    "invalid_file": "SillyTavern 无法使用这个文件：它已损坏，或与声明的类型不符。",
    "wrong_method": "此地址不接受这种 HTTP 方法。",
    # What you named.
    "unknown_tavern": "中枢不认识使用此标识或名称的 SillyTavern。",
    "unknown_request": "这个密钥下没有此标识的请求。",
    "unknown_character": "SillyTavern 中没有此角色或群组。",
    "unknown_message": "打开的聊天中没有此序号的消息。",
    "unknown_chat": "SillyTavern 中没有（或不再有）此聊天。",
    "unknown_swipe": "消息没有此备选回复。",
    "unknown_room": "没有此房间。",
    "unknown_peer": "中枢不认识使用此标识或名称的程序或 SillyTavern。",
    "unknown_route": "没有此路由规则。",
    "unknown_member": "房间里没有此成员。",
    "unknown_invitation": "没有此邀请，或它已用完、已过期。请索取新的邀请。",
    "unknown_key": "没有此密钥。",
    "unknown_tab": "这里没有保持打开此标签页。",
    "unknown_dialog": "此对话框已经关闭。",
    "unknown_pairing": "没有 SillyTavern 显示此配对码，或它已过期。",
    "unknown_profile": "没有此配置档，或没有它的这个版本。",
    "unknown_item": "此 SillyTavern 中没有这个预设、世界书、脚本或集合。",
    "unknown_persona": "SillyTavern 中没有此人设。",
    "unknown_entry": "世界书中没有此条目。",
    "unknown_variable": "没有此变量。",
    "unknown_file": "消息没有此文件。",
    "unknown_webhook": "这个密钥没有此 Webhook。",
    "unknown_schedule": "这个密钥没有此定时任务。",
    "unknown_backup": "没有可撤销的内容。",
    "unknown_path": "此地址没有任何内容。",
    "unknown_function": "没有此函数，或这个密钥不可调用它。`function.list` 会列出可用的函数。",
    "unknown_call": "这个密钥下没有此标识的调用。",
    # Not now.
    "no_tavern": "没有已连接的 SillyTavern。请打开装有 Tavernlink 扩展的 SillyTavern，然后重试。",
    "tavern_gone": "请求运行时，SillyTavern 标签页离开了。",
    "queue_full": "这个 SillyTavern 的队列已满。请稍后再试。",
    "quota": "这个密钥等待中的请求已达上限。请稍后再试。",
    "timeout": "请求没有在限定的时间内完成。",
    "slow_consumer": "此连接读取过慢，积压过多。",
    "hub_stopping": "中枢正在关闭。",
    "too_many_addresses": "通过太多不同的中枢地址获取过扩展。",
    "unreachable": "此地址没有中枢应答。请用 `tavernlink serve` 启动中枢，或更正地址。",
    "disconnected": "在得到回答之前，与中枢的连接断开了。",
    "closed": "此连接已关闭。",
    "tab_lost": "标签页此刻没有打开。",
    "blocked_by_dialog": "SillyTavern 中有对话框在等待回答。请关闭它，然后重试。",
    "storage_failed": "中枢无法写入磁盘，因此无法保存新的内容。磁盘是否已满或不可用？",
    "interrupted": "运行途中，中枢或标签页重新启动了，没有人报告结果。再次请求之前请先查看聊天。",
    "busy": "SillyTavern 正忙于其他事情，现在无法这样做。",
    "cooldown": "刚刚在这个房间中说过话。请稍等再说。",
    "room_full": "房间的成员已达设定的上限。",
    "room_closed": "房间已关闭。",
    "provider_gone": "执行此调用的程序离开了。",
    # It changed.
    "stale_revision": "查看之后聊天又有变化。请重新获取。",
    "chat_changed": "请求运行时，打开的聊天换了。",
    "request_id_in_use": "这个 request_id 已用于另一个请求。",
    "stale_profile": "配置档已有更新的版本。",
    "route_loop": "中枢的路由规则让消息转了一圈又回来。",
    "route_in_settings": "此规则写在设置文件中。请在那里修改。",
    "already_finished": "请求已经结束。",
    "declared_in_file": "此密钥写在数据文件夹的一个文件中。请在那里修改。",
    "owner_gone": "创建它的密钥已被吊销或已过期。请用另一个密钥重新创建。",
    "session_bound": "此会话已用于另一个角色或另一个 SillyTavern。",
    "session_busy": "此会话有一轮正在等待或运行。请等待它结束，或取消它。",
    "item_exists": "已有同名的内容。请换一个名称。",
    "not_a_number": "变量的值不是数字。",
    "chat_exists": "已有同名的聊天。请换一个名称。",
    "room_exists": "已有同名的房间。请换一个名称。",
    "name_taken": "已有人使用此名称说话。请换一个名称。",
    "turn_taken": "这一轮已经说过话。其他人都说过之后才继续。",
    "held": "消息正在等待房间的轮次；轮到时，回复会出现在房间里。",
    "ambiguous_function": "有多个程序提供此名称的函数。请用完整地址调用。",
    "call_id_in_use": "这个 call_id 已用于另一次调用。",
    "call_loop": "函数之间的调用嵌套过深。",
    # SillyTavern, or the model behind it.
    "no_character": "SillyTavern 中没有打开角色。请打开一个，或指定一个。",
    "no_backend": "SillyTavern 没有连接模型。请在它的 API 设置中连接。",
    "no_message": "没有可以处理的消息。",
    "generation_failed": "生成失败。",
    "stream_error": "模型的输出中途断开了。",
    "empty_reply": "模型没有回答任何内容。",
    "invalid_output": "模型没有按要求的格式回答。",
    "interceptor_abort": "SillyTavern 的另一个扩展停止了生成。",
    "stopped": "生成在 SillyTavern 中被停止。",
    "cancelled": "请求已取消。",
    "context_exceeded": "最后一条消息超出了 SillyTavern 允许的上下文长度。",
    "group_open": "此标签页中打开了群聊，SillyTavern 会把提示词与它绑定。请打开一个角色。",
    "detached_unsupported": "这个版本的 SillyTavern 无法在打开的聊天之外生成。",
    "unsupported_backend": "SillyTavern 所连接的 API 不支持这样做。",
    "save_failed": "SillyTavern 无法保存聊天。",
    "command_failed": "SillyTavern 无法执行此命令。",
    "function_failed": "函数执行失败。",
    "invalid_result": "函数返回的内容不符合它的 JSON Schema。",
}


def in_chinese(error: TavernlinkError) -> str:
    """Return what a person who reads Chinese is told: the code's meaning, and what the message says beyond it.

    A code that this version does not know (from a newer hub) leaves the message as it came.
    """
    meaning = CHINESE.get(error.code)
    if meaning is None:
        return error.message
    told = error.message
    return meaning if told in {CODES[error.code].codes[error.code], error.code} else f"{meaning}（{told}）"
