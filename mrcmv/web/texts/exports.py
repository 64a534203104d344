"""What the export panel, the link to a session and the API say: key -> (English, Simplified Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "export_more": ("More formats and a link to this page", "更多格式与本页链接"),
    "export_what": (
        "For a video editor: the MP4, voice and music as separate WAV files, a timeline (OpenTimelineIO), "
        "the settings and the credits, in one ZIP.",
        "供视频剪辑软件使用：MP4、人声与音乐的独立 WAV、时间线（OpenTimelineIO）、"
        "设置与署名，打包为一个 ZIP。",
    ),
    "export_make": ("Prepare the files", "准备文件"),
    "export_making": ("Preparing the files ...", "正在准备文件……"),
    "export_stopped": ("Stopped. Nothing was exported.", "已停止，没有导出任何文件。"),
    "export_done": ("Ready: your clip with “{title}”.", "已就绪：你的视频与《{title}》。"),
    "export_all": ("Everything in one ZIP", "全部文件（ZIP）"),
    "export_video": ("Video, MP4", "视频，MP4"),
    "export_voice": ("Voice, WAV", "人声，WAV"),
    "export_music": ("Music, WAV", "音乐，WAV"),
    "export_ducked": ("Music under the voice, WAV", "为人声让位的音乐，WAV"),
    "export_mix": ("Finished mix, WAV", "最终混音，WAV"),
    "export_timeline": ("Timeline, OTIO", "时间线，OTIO"),
    "export_settings": ("Settings, JSON", "设置，JSON"),
    "export_credits": ("Credits, TXT", "署名，TXT"),
    "link_label": ("Link to your clip and its music", "你的视频与音乐的链接"),
    "link_copy": ("Copy link", "复制链接"),
    "link_hint": (
        "Opens this page in another tab as it is. It works until you delete your data, or until nothing was "
        "used for {minutes} minutes. Whoever has the link sees your clip.",
        "在另一个标签页中按原样打开本页。在你删除数据之前，或在 {minutes} 分钟未使用之前有效。"
        "拿到链接的人都能看到你的视频。",
    ),
    "link_ended": (
        "This link has ended: the clip was deleted, or not used for a while. Drop a clip to start again.",
        "这个链接已失效：视频已被删除或久未使用。请拖入视频重新开始。",
    ),
    "api_ours": ("Something went wrong on our side. Please try again.", "我们这边出了问题，请再试一次。"),
}
