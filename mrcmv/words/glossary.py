"""Chinese words about music and what they are in English, which alone the sentence encoder reads.

A small list, not a translator: what is not in it is told as not understood. Longer entries win over
shorter ones inside them.
"""

from __future__ import annotations

import re

GLOSSARY: dict[str, str] = {
    # saying no, more, less
    "不要": "no", "不用": "no", "别用": "no", "没有": "without", "去掉": "without", "无": "without",
    "不是": "not", "别太": "not too", "不要太": "not too", "不太": "not too", "太": "too", "更": "more",
    "更加": "more", "再": "more", "多一点": "more", "多一些": "more", "少一点": "less", "少一些": "less",
    "不那么": "less", "带": "with", "有": "with", "和": "and", "或者": "or", "或": "or", "但": "but",
    "但是": "but", "类似": "like",
    # comparatives
    "慢一点": "slower", "慢一些": "slower", "慢点": "slower", "更慢": "slower", "快一点": "faster",
    "快一些": "faster", "快点": "faster", "更快": "faster", "安静一点": "calmer", "安静点": "calmer",
    "轻一点": "softer", "柔和一点": "softer", "平静一点": "calmer", "激烈一点": "more energetic",
    "激动一点": "more energetic", "热烈一点": "more energetic", "暗一点": "darker", "更暗": "darker",
    "明亮一点": "brighter", "欢快一点": "happier", "开心一点": "happier", "悲伤一点": "sadder",
    # speed and strength
    "慢": "slow", "缓慢": "slow", "舒缓": "slow and soothing", "快": "fast", "快节奏": "fast",
    "慢节奏": "slow", "节奏快": "fast", "节奏慢": "slow", "安静": "quiet", "轻柔": "soft", "柔和": "soft",
    "平静": "calm", "宁静": "peaceful", "激烈": "intense", "激昂": "powerful", "有力": "powerful",
    "有活力": "energetic", "活力": "energetic", "动感": "energetic", "吵": "loud", "响": "loud",
    # moods
    "悲伤": "sad", "伤感": "sad", "忧伤": "melancholic", "欢快": "cheerful", "快乐": "happy",
    "开心": "happy", "轻松": "relaxed", "轻快": "light-hearted", "放松": "relaxing", "紧张": "tense",
    "悬疑": "suspenseful", "恐怖": "scary", "阴暗": "dark", "黑暗": "dark", "明亮": "bright",
    "神秘": "mysterious", "浪漫": "romantic", "温柔": "tender", "温馨": "warm", "怀旧": "nostalgic",
    "搞笑": "funny", "滑稽": "comical", "史诗": "epic", "英雄": "heroic", "胜利": "victory",
    "战斗": "battle", "梦幻": "dreamy", "励志": "inspiring", "热血": "exciting", "感人": "moving",
    "冒险": "adventure",
    # styles
    "管弦乐": "orchestral", "交响乐": "symphonic", "交响": "symphonic", "古典": "classical",
    "电子": "electronic", "电音": "electronic dance", "摇滚": "rock", "金属": "metal", "爵士": "jazz",
    "流行": "pop", "民谣": "folk", "嘻哈": "hip hop", "说唱": "rap", "氛围": "ambient", "蓝调": "blues",
    "放克": "funk", "乡村": "country", "民族": "ethnic", "中国风": "traditional Chinese",
    "八位": "8-bit", "8位": "8-bit", "像素风": "8-bit chiptune", "芯片音乐": "chiptune",
    "游戏音乐": "video game music", "电影": "film score", "舞曲": "dance", "原声": "acoustic",
    # instruments and voices
    "钢琴": "piano", "吉他": "guitar", "电吉他": "electric guitar", "木吉他": "acoustic guitar",
    "贝斯": "bass", "鼓声": "drums", "鼓点": "drums", "鼓": "drums", "打击乐": "percussion",
    "小提琴": "violin", "大提琴": "cello", "弦乐": "strings", "长笛": "flute", "笛子": "flute",
    "铜管": "brass", "小号": "trumpet", "萨克斯": "saxophone", "竖琴": "harp", "风琴": "organ",
    "合成器": "synthesizer", "合唱": "choir", "人声": "vocals", "唱歌": "singing", "歌声": "singing",
    "歌词": "lyrics", "女声": "female vocals", "男声": "male vocals", "纯音乐": "instrumental",
    "二胡": "erhu", "古筝": "guzheng",
    # keys
    "小调": "minor key", "大调": "major key",
}  # fmt: skip

_SILENT = re.compile("[的地得了些点风音乐曲首一个是请我想要给来感觉]")
"""Words between words, dropped where no entry holds them."""
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_ENTRY = re.compile("|".join(sorted(map(re.escape, GLOSSARY), key=len, reverse=True)))


def to_english(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with its Chinese words in English, and those that the list does not hold.

    >>> to_english("慢一点，不要鼓，悲伤的钢琴")
    ('slower , no drums , sad piano', ())
    """
    if not _CHINESE.search(text):
        return text, ()
    plain = re.sub("[，。；、！？：]", " , ", text)
    plain = _ENTRY.sub(lambda found: f" {GLOSSARY[found[0]]} ", plain)
    plain = _SILENT.sub(" ", plain)
    unknown = tuple(_CHINESE.findall(plain))
    return " ".join(_CHINESE.sub(" ", plain).split()), unknown


def to_chinese(english: str) -> str | None:
    """A description in Chinese, when the list holds it or each of its words; else None.

    >>> to_chinese("orchestral"), to_chinese("sad piano"), to_chinese("shoegaze")
    ('管弦乐', '悲伤钢琴', None)
    """
    if english in _BACK:
        return _BACK[english]
    words = [_BACK.get(word) for word in english.split()]
    return "".join(word for word in words if word) if words and all(words) else None


_BACK = {english: chinese for chinese, english in reversed(GLOSSARY.items())}
