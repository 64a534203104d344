"""What the page says about why a track was suggested, and on the map: key -> (English, Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "why_card": ("Why?", "为什么？"),
    "why_title": ("Why “{title}”", "为什么推荐《{title}》"),
    "why_close": ("Close", "关闭"),
    "why_looking": ("Looking at your clip again, piece by piece", "正在逐段重新查看你的视频"),
    "why_time": (
        "What the network went by, over the clip: picture and voice",
        "模型在视频各处依据的内容：画面与人声",
    ),
    "why_time_alone": ("What the network went by, over the clip: picture", "模型在视频各处依据的内容：画面"),
    "why_gave": ("Tall: this stretch spoke for the track", "越高：这一段越支持这首曲目"),
    "why_moments": ("What matched most", "最契合的时刻"),
    "why_moment_picture": ("Picture, {start} to {end}", "画面，{start} 至 {end}"),
    "why_moment_voice": ("Voice, {start} to {end}", "人声，{start} 至 {end}"),
    "why_no_moment": (
        "No single moment stands out: the clip as a whole decided.",
        "没有特别突出的时刻：由整段视频决定。",
    ),
    "why_shares": (
        "Over the whole part: picture {picture} %, voice {voice} %.",
        "整段合计：画面 {picture}%，人声 {voice}%。",
    ),
    "why_how": (
        "Each stretch was blanked in turn, and the track compared again. Shares are what passed the "
        "network's gate; they are no probabilities.",
        "依次遮去每一段，再重新比较。份额表示通过模型门控的多少，不是概率。",
    ),
    "why_table": ("As a table", "以表格显示"),
    "why_when": ("When", "时间"),
    "why_lost_picture": ("Picture gave", "画面贡献"),
    "why_lost_voice": ("Voice gave", "人声贡献"),
    "fact_without_voice": (
        "Without your voice it would be number {rank}.",
        "没有你的人声，它会排第 {rank}。",
    ),
    "fact_without_picture": ("Without the picture it would be number {rank}.", "没有画面，它会排第 {rank}。"),
    "fact_same_word": (
        "{word}, like {count} of the other {others} suggestions.",
        "{word}：另外 {others} 首推荐中有 {count} 首也是。",
    ),
    "fact_faster": (
        "{bpm} bpm: faster than {percent} % of the library.",
        "每分钟 {bpm} 拍：快于曲库的 {percent}%。",
    ),
    "fact_slower": (
        "{bpm} bpm: slower than {percent} % of the library.",
        "每分钟 {bpm} 拍：慢于曲库的 {percent}%。",
    ),
    "fact_wished": (
        "Up {moved} because you asked for “{because}”.",
        "因为你要求“{because}”，上升 {moved} 位。",
    ),
    "fact_wished_example": (
        "Up {moved} because it is like your example.",
        "因与你的示例相似，上升 {moved} 位。",
    ),
    "map_open": ("Map of the library", "曲库地图"),
    "map_title": ("The library around your clip", "你的视频在曲库中的位置"),
    "map_hint": (
        "Tracks that sound alike to the network lie close together, and your clip among those nearest to it.",
        "模型认为相似的曲目靠得近。你的视频位于与它最接近的曲目之间。",
    ),
    "map_keys": (
        "Point at a dot or use the arrow keys; Enter takes it.",
        "指向圆点，或用方向键移动，按回车选择。",
    ),
    "map_clip": ("Your clip", "你的视频"),
    "map_suggested": ("Suggested", "已推荐"),
    "map_list": ("Nearest first, as a list", "列表（由近到远）"),
    "map_kept": (
        "Two dimensions keep {percent} % of what sets the tracks apart.",
        "二维平面保留了曲目差异的 {percent}%。",
    ),
    "map_wait": ("Drawing ...", "正在绘制……"),
}
