"""Sentences of the rooms that the page knows in Chinese: how each begins -> what it says."""

ROOM_SENTENCES: dict[str, str] = {
    "This clip is longer than": "这段视频太长。请剪出需要的部分（最长 10 分钟）再拖入。",
    "This clip is shorter than a second": "这段视频不足一秒。请拖入更长的视频。",
    "This picture is larger than 5K": "画面超过 5K。请以 4K 或更小的尺寸保存后再拖入。",
    "Reading this video takes too long": "读取这段视频耗时过长。请以 1080p 保存后再拖入。",
    "This video is damaged or cut off": "这段视频已损坏或不完整，无法读取。请重新保存后再拖入。",
    "This file has no picture": "这个文件没有画面。请拖入视频：MP4、MOV、WebM、MKV 或 AVI。",
    "This file is an image": "这是图片，不是视频。请拖入视频：MP4、MOV、WebM、MKV 或 AVI。",
    "This file is larger than": "这个文件超过 512 MB。请先剪短或压缩。",
    "Choose a part of the clip": "请选择至少一秒长的片段。",
    "The chosen part lies behind": "所选片段在视频结尾之后。请选择更早的片段。",
    "This track's beat is not clear enough": "这首曲目的节拍不够清晰，无法在节拍上结束，因此音乐改为淡出。",
    "This mix stays at": "这段混音比视频通常的响度（−14 LUFS）低：再提高会失真，或原声本身太轻。",
    "This mix is silent": "这段混音没有声音：视频和曲目都没有可听见的声音。",
    "The finished video could not": "无法写出成品视频。请再试一次。",
}
