"""Every sentence of the page, in English and Simplified Chinese.

Both languages are in the page at once, as two spans; the style sheet shows one of them. So the
switch is instant, needs no server, and whatever is drawn later comes out in the right language.
"""

from __future__ import annotations

from html import escape

ENGLISH: dict[str, str] = {
    "tagline": "Background music for short game videos",
    "theme": "Light or dark",
    "drop_title": "Drop a clip. We listen to your voice-over and watch the picture.",
    "drop_hint": "Or click to choose a file. MP4, MOV, WebM, MKV or AVI, up to 10 minutes and 512 MB.",
    "examples": "No clip at hand? Start with one of these:",
    "example_excited": "Excited voice",
    "example_calm": "Calm voice",
    "example_novoice": "No voice",
    "use_part": "The part that the music should fit",
    "from": "From",
    "to": "To",
    "part_hint": "Up to 32 s are watched and heard to choose the music. The preview covers the whole clip.",
    "other_part": "Fit another part of the clip",
    "find": "Find music",
    "find_again": "Find music again",
    "replace": "Another clip",
    "cannot_show": "Your browser cannot play this kind of file. It can still be used; the preview will play.",
    "waiting_turn": "Waiting: {count} ahead of you",
    "waiting_next": "You are next",
    "stage_reading": "Reading the clip",
    "stage_separating": "Separating the voice",
    "stage_understanding": "Understanding",
    "stage_ranking": "Ranking",
    "working": "Looking for music",
    "cancel": "Cancel",
    "cancelling": "Stopping ...",
    "cancelled": "Stopped. Your clip is still here.",
    "voice_ready": "The voice on its own",
    "found_in": "Found in {seconds} s",
    "results": "Five suggestions",
    "results_n": "{count} suggestions",
    "why": "What decided",
    "picture": "Picture",
    "voice": "Voice",
    "music": "Music",
    "no_voice": "Nobody speaks in this part of the clip, so the picture alone chose the music.",
    "no_sound": "This clip has no sound, so the picture alone chose the music.",
    "match_closest": "Closest match",
    "match_near": "Nearly as close",
    "match_mid": "A little further",
    "match_far": "Further off",
    "match_hint": "The bars compare these suggestions with each other only.",
    "listen": "Listen from {time}",
    "pause": "Pause",
    "use": "Use this",
    "in_use": "In the preview",
    "bpm": "{bpm} bpm",
    "badge_free": "Free to use",
    "badge_credit": "Free with credit",
    "badge_not for money": "Not for money",
    "share_alike": "Share alike",
    "preview": "Preview",
    "preview_wait": "Mixing “{title}” under your clip",
    "preview_slow": "You can listen to the tracks meanwhile.",
    "level": "Music level",
    "level_value": "{level} LU under the voice",
    "level_value_plain": "{level} LU",
    "level_background": "Background",
    "level_balanced": "Balanced",
    "level_forward": "Forward",
    "advanced": "Advanced",
    "keep": "Keep of the clip's own sound",
    "keep_voice": "Voice only",
    "keep_original": "Everything",
    "keep_none": "Nothing",
    "ducking": "Music turned down by up to {db} dB",
    "seek": "Jump to a place in the preview",
    "measured": "{lufs} LUFS, true peak {peak} dBTP",
    "measured_gap": "music {gap} LU under the voice",
    "download": "Download MP4",
    "credit": "Credit line for your description",
    "credit_free": "This track asks for no credit; here is a line if you like to give one.",
    "copy": "Copy",
    "copied": "Copied",
    "keys": "Keys: 1–5 choose a track, space plays and pauses.",
    "private": "Only you can see your clip. It is deleted {minutes} minutes after you last used this page.",
    "delete": "Delete my data now",
    "deleted": "Your clip and everything made from it are deleted.",
    "expired": "This clip was deleted because it was not used for a while. Please drop it again.",
    "no_clip": "Drop a clip first.",
    "bad_request": "That did not come from this page. Reload it and try again.",
    "lost": "The upload was lost on the way. Please drop the clip again.",
    "empty_file": "This file is empty. Drop a video: MP4, MOV, WebM, MKV or AVI.",
    "no_video": "This file has no picture that can be read. Drop a video: MP4, MOV, WebM, MKV or AVI.",
    "full": "{count} clips are waiting already. Please try again in a minute.",
    "busy": "The server has no room for more clips right now. Please try again in a few minutes.",
    "ours": "Something went wrong on our side. Your clip is still here; please try again.",
    "no_tracks": "The library has no tracks yet. Add some with “python -m mrcmv library add”.",
    "error": "That did not work",
    "mood_calm": "calm",
    "mood_energetic": "energetic",
    "mood_happy": "happy",
    "mood_nostalgic": "nostalgic",
    "mood_tender": "tender",
    "noscript": "This page needs JavaScript.",
}

CHINESE: dict[str, str] = {
    "tagline": "为游戏短视频寻找背景音乐",
    "theme": "浅色或深色",
    "drop_title": "拖入一段视频。我们会听你的解说，看你的画面。",
    "drop_hint": "也可以点击选择文件。支持 MP4、MOV、WebM、MKV、AVI，最长 10 分钟，最大 512 MB。",
    "examples": "手边没有视频？试试这些：",
    "example_excited": "激动的解说",
    "example_calm": "平静的解说",
    "example_novoice": "没有解说",
    "use_part": "音乐要配合的片段",
    "from": "从",
    "to": "到",
    "part_hint": "最多参考 32 秒来挑选音乐，预览覆盖整段视频。",
    "other_part": "改用视频的另一部分",
    "find": "寻找音乐",
    "find_again": "重新寻找",
    "replace": "换一段视频",
    "cannot_show": "浏览器无法播放这种文件，但仍可使用；预览可以播放。",
    "waiting_turn": "排队中：前面还有 {count} 个",
    "waiting_next": "马上轮到你",
    "stage_reading": "读取视频",
    "stage_separating": "分离人声",
    "stage_understanding": "理解内容",
    "stage_ranking": "排序",
    "working": "正在寻找音乐",
    "cancel": "取消",
    "cancelling": "正在停止……",
    "cancelled": "已停止，你的视频还在。",
    "voice_ready": "单独的人声",
    "found_in": "用时 {seconds} 秒",
    "results": "五首推荐",
    "results_n": "{count} 首推荐",
    "why": "依据",
    "picture": "画面",
    "voice": "人声",
    "music": "音乐",
    "no_voice": "这一段没有人说话，音乐只根据画面挑选。",
    "no_sound": "这段视频没有声音，音乐只根据画面挑选。",
    "match_closest": "最接近",
    "match_near": "几乎一样接近",
    "match_mid": "稍远一些",
    "match_far": "更远一些",
    "match_hint": "长短只表示这几首之间的比较。",
    "listen": "从 {time} 试听",
    "pause": "暂停",
    "use": "使用这首",
    "in_use": "已用于预览",
    "bpm": "{bpm} 拍/分",
    "badge_free": "可自由使用",
    "badge_credit": "使用须署名",
    "badge_not for money": "不可用于盈利",
    "share_alike": "须以相同方式共享",
    "preview": "预览",
    "preview_wait": "正在把《{title}》混入你的视频",
    "preview_slow": "这时可以先试听其他曲目。",
    "level": "音乐音量",
    "level_value": "比人声低 {level} LU",
    "level_value_plain": "{level} LU",
    "level_background": "背景",
    "level_balanced": "适中",
    "level_forward": "突出",
    "advanced": "高级",
    "keep": "保留视频原声",
    "keep_voice": "仅人声",
    "keep_original": "全部",
    "keep_none": "不保留",
    "ducking": "音乐最多压低 {db} dB",
    "seek": "跳到预览中的位置",
    "measured": "{lufs} LUFS，真峰值 {peak} dBTP",
    "measured_gap": "音乐比人声低 {gap} LU",
    "download": "下载 MP4",
    "credit": "可放入简介的署名",
    "credit_free": "这首曲目不要求署名；愿意的话可以用这一行。",
    "copy": "复制",
    "copied": "已复制",
    "keys": "按键：1–5 选择曲目，空格播放或暂停。",
    "private": "只有你能看到你的视频。最后一次使用后 {minutes} 分钟会自动删除。",
    "delete": "立即删除我的数据",
    "deleted": "你的视频和由它生成的一切都已删除。",
    "expired": "这段视频久未使用，已被删除。请重新拖入。",
    "no_clip": "请先拖入一段视频。",
    "bad_request": "这个请求不是本页面发出的。请刷新后再试。",
    "lost": "上传中途丢失，请重新拖入视频。",
    "empty_file": "这个文件是空的。请拖入视频：MP4、MOV、WebM、MKV 或 AVI。",
    "no_video": "这个文件里没有可读的画面。请拖入视频：MP4、MOV、WebM、MKV 或 AVI。",
    "full": "已有 {count} 个视频在排队，请一分钟后再试。",
    "busy": "服务器暂时放不下更多视频，请几分钟后再试。",
    "ours": "我们这边出了问题。你的视频还在，请再试一次。",
    "no_tracks": "曲库还是空的。用 “python -m mrcmv library add” 添加曲目。",
    "error": "没有成功",
    "mood_calm": "平静",
    "mood_energetic": "激昂",
    "mood_happy": "欢快",
    "mood_nostalgic": "怀旧",
    "mood_tender": "温柔",
    "noscript": "本页面需要 JavaScript。",
}


ROOM_SENTENCES: dict[str, str] = {
    "This clip is longer than": "这段视频太长。请剪出需要的部分（最长 10 分钟）再拖入。",
    "This picture is larger than 5K": "画面超过 5K。请以 4K 或更小的尺寸保存后再拖入。",
    "Reading this video takes too long": "读取这段视频耗时过长。请以 1080p 保存后再拖入。",
    "This video is damaged or cut off": "这段视频已损坏或不完整，无法读取。请重新保存后再拖入。",
    "This file has no picture": "这个文件没有画面。请拖入视频：MP4、MOV、WebM、MKV 或 AVI。",
    "This file is an image": "这是图片，不是视频。请拖入视频：MP4、MOV、WebM、MKV 或 AVI。",
    "This file is larger than": "这个文件超过 512 MB。请先剪短或压缩。",
    "Choose a part of the clip": "请选择至少一秒长的片段。",
    "The chosen part lies behind": "所选片段在视频结尾之后。请选择更早的片段。",
    "The finished video could not": "无法写出成品视频。请再试一次。",
}
"""How the rooms' own sentences begin, and what they say in Chinese."""


def room_sentence(english: str) -> str:
    """HTML of a room's sentence: in both languages where it is known, else as it is."""
    for beginning, chinese in ROOM_SENTENCES.items():
        if english.startswith(beginning):
            return (
                f'<span class="en" lang="en">{escape(english)}</span>'
                f'<span class="zh" lang="zh-CN">{chinese}</span>'
            )
    return escape(english)


def plain(key: str, **values: object) -> str:
    """The English sentence, not escaped: for logs, errors and tests."""
    return ENGLISH[key].format(**values)


def t(key: str, **values: object) -> str:
    """HTML of a sentence in both languages; ``values`` are escaped."""
    safe = {name: escape(str(value)) for name, value in values.items()}
    english = escape(ENGLISH[key], quote=False).format(**safe)
    chinese = escape(CHINESE[key], quote=False).format(**safe)
    return f'<span class="en" lang="en">{english}</span><span class="zh" lang="zh-CN">{chinese}</span>'


def word(prefix: str, name: str) -> str:
    """HTML of a known word (a mood, say) in both languages; an unknown one is escaped as it is."""
    key = f"{prefix}_{name.lower()}"
    return t(key) if key in ENGLISH else escape(name)


def clock(seconds: float) -> str:
    """Seconds as people read them on a player: 75.4 -> "1:15"."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
