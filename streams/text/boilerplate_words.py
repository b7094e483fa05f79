"""The words of a page's furniture, by language: headings of its tail, notices, links to other articles."""

import re

from streams.text.tokens import tokenise

HEADINGS_BY_LANGUAGE = {
    "en": """
        related articles|related article|related stories|related story|related news|related posts|related post
        related content|related coverage|related topics|related reading|related links|related
        more related articles|related articles more from author|leave a reply|leave a comment
        leave a reply cancel reply|leave a response|leave your comment|leave a comment cancel reply
        post a comment|add a comment|write a comment|join the conversation|join the discussion|comments|comment
        no comments|recent comments|latest comments|reader comments|cancel reply
        most popular|most read|most viewed|most shared|most commented|most watched
        most recent|popular posts|popular articles|popular stories|popular now|popular news|popular
        most popular articles|most popular stories|trending|trending now|trending stories|trending news
        trending articles|recent posts|recent articles|recent news|recent stories|latest posts|latest articles
        latest stories|latest news|top stories|top news|more stories|more news|more articles|more top stories
        more headlines|more on this story|more on this topic|more on this|more like this|more for you
        you may also like|you might also like|you may like|you might like|you may also enjoy
        you may also be interested in|you might also be interested in|you may be interested in
        you might be interested in|you might have missed|you may have missed|in case you missed it|recommended
        recommended for you|recommended stories|recommended articles|recommended reading|recommendations
        we recommend|suggested articles|suggested reading|suggested for you|further reading|read next|up next
        what to read next|next article|previous article|see also|also read|also on this site|don t miss
        must read|must reads|editors picks|editor s picks|editor s pick|editors pick|editor picks
        featured stories|featured articles|featured posts|elsewhere on the web|around the web
        from around the web|from the web|promoted stories|promoted content|sponsored content|sponsored stories
        sponsored|paid content|about the author|about the authors|share this article|share this story
        read more news|read more stories|keep reading|other stories|other news|similar articles|similar stories
        similar posts|stay connected|follow us|newsletter""",
    "zh": """
        相关文章|相關文章|相关新闻|相關新聞|相关阅读|相關閱讀|相关报道|相關報道|相關報導|相关推荐|相關推薦
        相关内容|相關內容|相关链接|相關連結|相关资讯|相關資訊|相关话题|相關話題|延伸阅读|延伸閱讀|推荐阅读
        推薦閱讀|更多报道|更多報道|更多報導|更多新闻|更多新聞|更多文章|更多内容|更多內容|更多相关新闻
        更多相關新聞|猜你喜欢|猜你喜歡|你可能喜欢|你可能喜歡|您可能喜欢|您可能喜歡|你可能也喜欢|你可能也喜歡
        您可能也喜欢|您可能也喜歡|你可能还喜欢|你可能還喜歡|您可能感兴趣|您可能感興趣|你可能感兴趣|你可能感興趣
        你可能感兴趣的内容|为你推荐|為你推薦|为您推荐|為您推薦|热门文章|熱門文章|热门新闻|熱門新聞|热门推荐
        熱門推薦|热门阅读|熱門閱讀|热点新闻|熱點新聞|热门|熱門|最受欢迎|最受歡迎|最热门|最熱門|点击排行|點擊排行
        阅读排行|閱讀排行|排行榜|热榜|熱榜|最新评论|最新評論|最新文章|最新新闻|最新新聞|近期评论|近期評論
        近期留言|近期文章|发表评论|發表評論|发表回复|發表回覆|發佈留言|发布评论|留下评论|留下評論|留言|我要留言
        我要评论|我要評論|网友评论|網友評論|评论|評論|评论区|評論區|编辑推荐|編輯推薦|編輯精選|编辑精选|精选推荐
        精選推薦|责任编辑推荐|看更多|关于作者|關於作者|热搜|熱搜|上一篇|下一篇""",
    "ja": """
        関連記事|関連ニュース|関連リンク|関連トピック|関連情報|関連コンテンツ|関連ワード|関連キーワード
        関連する記事|おすすめ記事|おすすめの記事|おすすめ|オススメ記事|あなたへのおすすめ|こちらもおすすめ
        あわせて読みたい|合わせて読みたい|併せて読みたい|こちらもお読みください|こんな記事も読まれています
        この記事を読んだ人はこちらも|人気記事|人気の記事|人気ランキング|人気記事ランキング|人気
        よく読まれている記事|よく読まれた記事|よく読まれています|最も読まれた記事|アクセスランキング|ランキング
        最新記事|最新ニュース|新着記事|最近の記事|最近の投稿|最近のコメント|最新コメント|コメント|コメントを残す
        コメントする|コメントを書く|コメント一覧|返信を残す|もっと見る|もっと読む|続きを読む|次の記事|前の記事
        注目記事|注目の記事|ピックアップ|編集部のおすすめ|この記事に関連するニュース""",
    "de": """
        ähnliche artikel|ähnliche beiträge|verwandte artikel|verwandte themen|verwandte beiträge
        verwandte nachrichten|weitere artikel|weitere nachrichten|weitere meldungen|weitere themen
        weitere beiträge|mehr zum thema|mehr zu diesem thema|mehr zu diesem artikel|mehr artikel
        mehr nachrichten|mehr aus dem ressort|lesen sie auch|lesen sie mehr|lesen sie weiter|auch interessant
        das könnte sie auch interessieren|das könnte sie interessieren|das könnte dich auch interessieren
        das könnte dir auch gefallen|das könnte ihnen auch gefallen|dazu passend|passend zum thema|zum thema
        meistgelesen|meistgelesene artikel|am meisten gelesen|meist gelesen|meistkommentiert|beliebt
        beliebte artikel|beliebte beiträge|beliebteste artikel|am beliebtesten|neueste artikel
        neueste nachrichten|neueste beiträge|neueste kommentare|letzte kommentare|aktuelle kommentare|kommentare
        kommentar|schreiben sie einen kommentar|schreibe einen kommentar|kommentar schreiben|kommentar verfassen
        kommentar hinterlassen|hinterlasse einen kommentar|hinterlassen sie einen kommentar|diskutieren sie mit
        antwort hinterlassen|hinterlasse eine antwort|schreibe einen kommentar antworten abbrechen
        antworten abbrechen|empfohlen|empfehlungen|empfohlene artikel|empfehlungen für sie|unsere empfehlungen
        empfehlungen der redaktion|im trend|trends|top themen|topthemen|über den autor|zur startseite
        nächster artikel|vorheriger artikel""",
    "ko": """
        관련기사|관련 기사|관련뉴스|관련 뉴스|관련 글|관련글|연관기사|연관 기사|연관 뉴스|관련 콘텐츠|추천기사
        추천 기사|추천 뉴스|추천 콘텐츠|추천|인기기사|인기 기사|인기뉴스|인기 뉴스|인기 글|많이 본 기사
        많이 본 뉴스|많이본 뉴스|가장 많이 본 뉴스|가장 많이 본 기사|가장 많이 읽은 기사|실시간 인기 기사
        최신기사|최신 기사|최신뉴스|최신 뉴스|최근 글|최근 댓글|최신 댓글|댓글|댓글 남기기|댓글 쓰기|댓글쓰기
        댓글 달기|답글 남기기|의견 남기기|함께 읽으면 좋은 기사|함께 볼만한 기사|이런 기사는 어때요
        이 기사와 함께 많이 본 뉴스|당신이 좋아할 만한 기사|주요 뉴스|주요뉴스|핫이슈|더 보기|더보기|다음 기사
        이전 기사|이 시각 주요 뉴스|에디터 추천""",
    "fr": """
        articles liés|articles similaires|articles connexes|sur le même sujet|à lire aussi|lire aussi
        à lire également|vous aimerez aussi|vous pourriez aussi aimer|cela pourrait vous intéresser|les plus lus
        les plus populaires|les plus consultés|articles populaires|articles récents|commentaires
        commentaires récents|laisser un commentaire|laisser une réponse|ajouter un commentaire
        recommandé pour vous|nos recommandations|à découvrir|derniers articles""",
    "es": """
        artículos relacionados|noticias relacionadas|notas relacionadas|contenido relacionado|temas relacionados
        más sobre este tema|más noticias|te puede interesar|también te puede interesar|te podría interesar
        quizás te interese|lee también|lea también|lo más leído|lo más visto|lo más popular|más leídas
        más leídos|más populares|artículos recientes|entradas recientes|comentarios|comentarios recientes
        deja un comentario|dejar un comentario|deja una respuesta|dejar una respuesta|recomendado para ti
        recomendados|últimas noticias""",
}
HEADING_PATTERN = re.compile(
    r"(leave|post|add|write) (a|your) (reply|comment|response)( (to|on) .+)?( cancel reply)?"
    r"|more (stories |news |articles |coverage )?(from|by|on|about|in) (the )?\S+( \S+){0,3}"
    r"|(related|similar|recommended|suggested) (articles|stories|news|posts|content|reading)( .{1,30})?"
    r"|(you|readers) (may|might|will|could) (also )?(like|enjoy|love|be interested in)( .{1,20})?"
    r"|most (popular|read|viewed|shared|discussed|commented)( .{1,30})?"
    r"|(recent|latest|top|all|reader) comments?( .{1,20})?"
    r"|(view|show|read|see|load) (all |the |more |\d+ )*comments?"
    r"|(trending|popular) (now|today|this week|on .{1,20}|in .{1,20}|stories|topics)"
    r"|(\S+ ){0,2}(related|recommended|trending|popular|latest|recent|similar|suggested|featured|top|more|other)"
    r"( \S+)? (articles|stories|news|posts|videos|topics|reads|headlines|coverage|content|updates|picks|links)"
    r"|what (others|people|readers) are (reading|saying)( .{1,20})?"
)
# Behind these no article goes on, whatever it looks like: comments do look like one.
LAST_HEADING = re.compile(
    r"related articles?|most popular|.*(\bcomment|\breply\b|kommentar|antwort|commentaire|comentario"
    r"|评 论|評 論|留 言|回 复|回 覆|コ メ ン ト|返 信|댓 글|답 글).*"
)
NOTICES_TEXT = """
    advertisement|advertisements|ad|story continues below advertisement
    article continues below advertisement|continue reading|read more|read full article|read the full story
    click here|skip to content|skip to main content|share|share this|share on facebook|share on twitter
    share on x|tweet|print|email|copy link|save|listen|subscribe|subscribe now|sign up|sign in|log in|login
    register|accept|accept all|accept cookies|accept all cookies|reject all|manage cookies|cookie settings
    privacy policy|terms of use|terms of service|all rights reserved|cookie einstellungen|alle akzeptieren
    anzeige|werbung|jetzt abonnieren|newsletter abonnieren|anmelden|teilen|广告|廣告|订阅|訂閱|登录|登入
    分享|分享到|接受所有 cookie|版权所有|版權所有|広告|ログイン|会員登録|シェアする|광고|구독|로그인
    공유하기|publicité|abonnez vous|publicidad|suscríbete"""
NOTICE = re.compile(
    r"(we|this (site|website|page)|our (site|website)) (and our partners |also )?uses? (\S+ )?cookies\b"
    r"|by (continuing|using|clicking|browsing|accepting)\b.*\b(cookies?|terms|privacy)\b"
    r"|(this website|our website) (stores|requires) cookies\b"
    r"|(accept|manage|reject) (all |your )?cookies?\b"
    r"|subscribe (now |today |here )?(to|for) (our|the|this|unlimited|full|get|read|continue|receive)\b"
    r"|sign up (now |today |here )?(to|for) (our|the|this|a|daily|free|get|receive|your)\b"
    r"|(get|receive) (our|the|all the) (\S+ ){0,4}(newsletter|news|headlines|stories) (\S+ ){0,4}"
    r"(to|in|delivered to|straight to|direct to) your (inbox|email)"
    r"|(already|not yet) a (subscriber|member)\b|this (article|content) is for (subscribers|members)\b"
    r"|to (continue|keep) reading\b.*\b(subscribe|register|sign in|log in)\b"
    r"|follow us (on|at)\b|download (our|the) app\b|join our (newsletter|mailing list|whatsapp|telegram)\b"
    r"|enter your (email|e mail)\b|please enter your\b|save my name\b|your email address will not be published"
    r"|.*\ball rights reserved$|copyright (c )?(19|20)\d\d\b"
    r"|(diese|unsere) (website|seite|webseite) (verwendet|nutzt|benutzt) cookies\b|wir (verwenden|nutzen) cookies\b"
    r"|(abonnieren sie|melden sie sich für) (unseren|den|unser|jetzt)\b.*\b(newsletter|angebot|an)\b"
    r"|(我 们|我 們|本 网 站|本 網 站|本 站) (使 用|会 使 用|會 使 用) cookies?"
    r"|(订 阅|訂 閱) (我 们|我 們|本 报|本 報|电 子|電 子)"
    r"|(当 サ イ ト|こ の サ イ ト) (で は|は) .*cookie|(ニ ュ ー ス レ タ ー|メ ー ル マ ガ ジ ン) .*(登 録|購 読)"
    r"|(이|본|저 희) (웹 )?사 이 트 .*쿠 키|뉴 스 레 터 .*(구 독|신 청)"
    r"|(nous utilisons|ce site utilise) .*cookies\b|(utilizamos|este sitio utiliza|usamos) .*cookies\b"
)
LINK_LINE = re.compile(
    r"\W{0,4}(©|\(c\)) ?(19|20)\d\d"
    r"|\W{0,4}(related( articles?| stories| news| coverage)?|read more|read also|also read|see also|more on this|"
    r"don['’]t miss|read next|recommended|相关阅读|相關閱讀|相关新闻|相關新聞|相关报道|相關報導|"
    r"延伸阅读|延伸閱讀|更多阅读|"
    r"関連記事|あわせて読みたい|관련 ?기사|lesen sie auch|mehr zum thema|lesen sie mehr|lire aussi|"
    r"à lire aussi|lea también|lee también)\s*[:：|»]",
    re.IGNORECASE,
)


def phrases(text: str) -> frozenset[str]:
    """Return the phrases of a text, separated by bars and lines, folded as `boilerplate.key` folds a line."""
    parts = text.replace("\n", "|").split("|")
    return frozenset(" ".join(token.term for token in tokenise(part)) for part in parts if part.strip())


HEADINGS = frozenset().union(*(phrases(text) for text in HEADINGS_BY_LANGUAGE.values()))
NOTICES = phrases(NOTICES_TEXT)
