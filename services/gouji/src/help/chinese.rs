//! The Chinese texts of the help.
//!
//! The key of a verb is its path, of an option `path.id`, of a value `path.id=value`. `*` stands for every
//! path. A test compares the keys with the command line.

const TEXTS: &[(&str, &str)] = &[
    ("", "读取、校核、检索政府信息公开工作年度报告。"),
    (".lang", "说明和消息的语言；不写则按 GOUJI_LANG、LC_ALL、LC_MESSAGES、LANG 判定"),
    // Shared by several verbs.
    ("*.url", "系统的地址；不写则用本用户启动的 gouji up，否则用 http://127.0.0.1:8470"),
    ("*.key", "访问密钥。同机的其他用户能看到命令行，用文件或环境变量则看不到"),
    ("*.key_file", "只存有密钥的文件"),
    ("*.nats", "消息总线的地址；不写则按设置，再按正在运行的 gouji up"),
    ("*.config", "设置文件；gouji config 输出全部设置及默认值"),
    ("*.data", "正在运行的 gouji up 的数据文件夹，内有总线、原件和检索库；不写则用本用户启动的"),
    ("*.who", "操作人，记入操作记录"),
    ("*.json", "输出 JSON"),
    ("*.policy", "规则设置：级别、停用、豁免；参见 deploy/rule-policy.toml"),
    ("*.region", "地区代码：2、4、6或9位"),
    ("*.year", "年度"),
    ("*.ids", "报告编号"),
    ("*.class", "只限这一类退回，例如 gave-up"),
    ("*.stage", "只限这个环节退回的：ingest、parse、validate 或 index"),
    ("*.since", "只限此时以后：24h、7d、2026-11-22、2026-11-22T09:30（北京时间）"),
    ("*.dry_run", "只列出会重新读取哪些，不实际执行"),
    // Agencies.
    (
        "check",
        "不启动服务，检查文件。\n\n返回值：全部通过或仅有警告为0，有报告存在错误为1，有文件无法读取为2。",
    ),
    ("check.format", "输出形式"),
    ("check.paths", "文件、文件夹和 ZIP 压缩包；同一机关相邻年度的报告会互相对照"),
    (
        "submit",
        "报送文件、文件夹和压缩包，逐份跟踪至可检索或退回。\n\n返回值：没有退回为0，有退回为1，无法报送为2。",
    ),
    ("submit.no_wait", "不等待处理完毕"),
    ("submit.again", "以前报送过的文件重新报送：报告撤回之后，或要恢复较早的版本时"),
    ("submit.paths", "文件、文件夹和 ZIP 压缩包"),
    ("search", "检索报告。\n\n返回值：检索式全部识别为0，有一部分无法识别为2，系统没有应答为1。"),
    (
        "search.query",
        "词语、\"短语\"、-排除、OR、year:2024、agency:…、rule:T3-01、cell.requests.received.total:>100",
    ),
    ("search.sort", "relevance（相关度）、year、published、submitted 或 cell.<编号>；前加 - 则从大到小"),
    ("search.limit", "显示多少份"),
    ("status", "查看处理进度，或一份报告的办理经过。"),
    ("status.id", "报告编号（id 或 key），见 submit、search 的输出和浏览器地址"),
    // Offices.
    ("letter", "写整改意见，说明一份报告应改之处。"),
    ("letter.report", "文件，由本命令检查；或系统中报告的编号"),
    ("letter.format", "文件格式"),
    ("letter.out", "写到哪个文件；不写则以标题命名，放在当前文件夹"),
    ("letter.name", "发文单位"),
    ("letter.contact", "联系人"),
    ("letter.telephone", "联系电话"),
    ("letter.deadline", "整改期限，例如 2025-03-01"),
    ("letter.date", "落款日期；不写则为今天"),
    (
        "letter.across",
        "加上全省当年报告之间比对发现的问题：上下级、雷同、期限；只限系统中的报告，需要读取全部报告",
    ),
    ("export", "把系统中的报告、数据、校核发现或版本写成文件，或写成可公开的文件夹。"),
    ("export.query", "只限这些报告，写法同 gouji search"),
    ("export.shape", "每行是什么"),
    ("export.shape=reports", "每份报告一行，表中每一格一列"),
    ("export.shape=figures", "每一格一行，注明状态和原文位置"),
    ("export.shape=findings", "每条校核发现一行"),
    ("export.shape=versions", "每个版本一行"),
    ("export.shape=dictionary", "以上各表的每一列一行"),
    ("export.format", "文件格式；不写则按文件名，否则为 CSV"),
    ("export.names", "列名和取值的语言"),
    ("export.names=zh", "中文"),
    ("export.names=id", "供程序使用的编号"),
    ("export.out", "写到哪个文件；不写则以数据名命名，放在当前文件夹"),
    (
        "export.open",
        "写出可公开的文件夹：CSV、Parquet、字段说明、datapackage.json、dcat.jsonld，不含报送人、文件名和联系方式；以前写出的同类文件夹会被替换",
    ),
    ("export.title", "公开数据的名称"),
    ("export.publisher", "发布单位"),
    ("export.licence", "使用许可：SPDX 编号，例如 CC-BY-4.0，或文字说明"),
    ("export.findings", "也公开校核发现"),
    ("rules", "查看规则，以及规则变动会改变哪些结论。"),
    ("rules list", "每条规则一行。"),
    ("rules show", "显示一条规则的全文。"),
    ("rules show.id", "规则编号，例如 T3-01"),
    ("rules diff", "用本程序的规则和规则设置重新校核系统中的全部报告，列出会改变的结论；不作任何改动。"),
    ("rules diff.query", "只限这些报告，写法同 gouji search"),
    ("roster", "导入应报送机关名录，查看谁已报送。"),
    (
        "roster import",
        "导入 CSV 文件，列为机关名称、区划代码、级别、上级、别名、截止日期、口径（或 agency、region、level、parent、aliases、deadline、scope）；替换原有名录。",
    ),
    ("roster import.file", "CSV 文件，UTF-8 编码，或中文电子表格软件另存的编码"),
    ("roster status", "查看某年度谁已报送、谁迟报、谁未报。"),
    ("rollup", "由各机关的报告汇总出一个地区的官方表格。"),
    ("rollup.format", "只写这一种；不写则写 XLSX 和 HTML"),
    ("rollup.format=json", "在终端输出一个 JSON 对象"),
    ("rollup.out", "写到哪个文件夹"),
    ("survey", "比对一个地区的报告：上下级、同类机关、雷同文字、期限。"),
    (
        "fetch",
        "从网站抓取已公布的报告，并再次访问已抓取的网页。\n\n由服务器访问各网站并记入台账；不写网址则显示台账。返回值：0；有网址未能访问为1。",
    ),
    ("fetch.addresses", "报告所在的网页，或者报告目录（网站栏目及其分页，或目录接口）"),
    ("fetch.file", "CSV 文件，有“网址”一列，另可有机关名称、区划代码、年度；也可以每行只写一个网址"),
    ("fetch.roster", "机关名录中的网址"),
    ("fetch.again", "再次访问全部已知网址；发布后有变动或者撤下的，列为问题"),
    ("fetch.forget", "不再访问这些网址；已抓取的报告保留"),
    ("fetch.no_wait", "不等待访问完毕"),
    ("withdraw", "撤回一份报告；版本列表中保留撤回人和原因。"),
    ("withdraw.id", "报告编号（id 或 key），见 submit、search 的输出和浏览器地址"),
    ("withdraw.who", "撤回人"),
    ("withdraw.why", "撤回原因"),
    // Operators.
    ("topology", "查看或创建总线上必需的内容：日志、各环节的消费者、存储桶。"),
    ("topology plan", "列出 apply 会做什么。返回值：无事可做为0，有改动为2，有拒绝执行的改动为1。"),
    ("topology apply", "创建缺少的，修改不同的；可能丢失数据的改动拒绝执行。"),
    ("*.replicas", "日志和存储桶存几份，1至5；不写则按设置"),
    ("refused", "列出、查看退回的报告，并安排重新读取。"),
    ("refused list", "按类别统计退回的报告，再逐份列出。"),
    ("refused list.all", "包括后来已重新读取的"),
    ("refused show", "显示一次退回的全部信息。"),
    ("refused show.id", "报告编号"),
    ("refused replay", "重新读取退回的报告；不加选择则为后来没有重新读取过的全部。"),
    ("replay", "重新读取报告：指明的、某类退回的，或全部可检索的。"),
    ("replay.all", "全部可检索的报告：升级读取程序或规则之后用；新报送的优先；中断后再次运行即可继续"),
    (
        "reconcile",
        "证明没有丢失：收到＝入库＋退回＋在途，原件齐全，检索库完整。\n\n返回值：没有丢失为0，有丢失为1，无法核对为2。",
    ),
    ("reconcile.deep", "同时读取并校验每个原件和文本"),
    ("reconcile.index", "检索库所在文件夹，在其主机上运行；用 --data 则为该 gouji up 的检索库"),
    ("reconcile.rebuild", "日志丢失之后：把原件中有记载而日志中没有的重新发布"),
    ("reconcile.patience", "对可能丢失或在途的报告等待多少秒"),
    (
        "reindex",
        "由日志重建检索库，与现用的并存，建成后启用。\n\n与上年度对照的规则重新运行，其他问题不变。\n\n请在检索库所在主机上运行；中断后再次运行即可继续。",
    ),
    ("outlet", "查看和操作出口：送往数据总线的文件夹、库表、Kafka 和地址的内容。"),
    ("outlet list", "列出设置中的出口，以及各自送到了哪里。"),
    ("outlet show", "显示一个出口的全部情况和搁置的消息。"),
    ("outlet show.name", "出口名称"),
    ("outlet test", "检查目标是否就绪，不传送。"),
    ("outlet test.name", "出口名称"),
    ("outlet pause", "暂停传送，直到恢复；新的内容在日志中等候。"),
    ("outlet pause.name", "出口名称"),
    ("outlet resume", "恢复传送。"),
    ("outlet resume.name", "出口名称"),
    ("outlet rewind", "从日志开头、某一序号或某一时间起重新传送。"),
    ("outlet rewind.name", "出口名称"),
    (
        "outlet rewind.to",
        "start 为开头；日志序号，其后的全部重新传送；或时间，例如 7d、2026-11-22、2026-11-22T09:30（北京时间）",
    ),
    ("outlet check", "对账：目标所有的与日志比对。\n\n返回值：没有缺少也没有多出为0，否则为1，无法核对为2。"),
    ("outlet check.name", "出口名称"),
    ("outlet schema", "描述一个出口：AsyncAPI、建表语句，或政务信息资源目录登记表。"),
    ("outlet schema.name", "出口名称"),
    (
        "outlet schema.format",
        "给谁用：asyncapi（程序）、sql（数据库管理员）、catalog（信息资源目录登记表，XLSX 和 DOCX）",
    ),
    ("outlet schema.dialect", "建表语句所用的数据库"),
    ("outlet schema.out", "登记表的文件夹，默认为当前文件夹"),
    ("outlet retry", "再次传送一条搁置的消息。"),
    ("outlet retry.name", "出口名称"),
    ("outlet retry.id", "消息或版本的编号，gouji outlet show 会列出"),
    ("pause", "暂停一个环节。正在处理的报告处理完毕，新的排队等候。"),
    ("pause.stage", "parse、validate 或 index"),
    ("pause.length", "暂停多久，例如 30m 或 2h；两项都不写则直到 gouji resume"),
    ("pause.until", "暂停到何时，例如 2026-11-22T09:30（北京时间）"),
    ("resume", "恢复一个暂停的环节。"),
    ("resume.stage", "parse、validate 或 index"),
    ("audit", "列出谁做了什么、谁的什么操作被拒绝，早的在前。"),
    ("audit.by", "只限以此名义的密钥或账户所做的；\"\" 表示没有名义的"),
    ("audit.refused", "只限被拒绝的操作"),
    ("key", "生成、列出访问密钥。"),
    ("key new", "生成一个密钥。密钥只显示一次，不另存储；密钥文件中只有它的哈希。"),
    ("key new.name", "持有者名称，记入操作记录和所报送的报告"),
    ("key new.role", "持有者可做什么"),
    ("key new.role=submit", "报送、撤回、查看本单位的报告"),
    ("key new.role=review", "审核、查看、导出本地区或全部的报告"),
    ("key new.role=lead", "审核员可做的，以及豁免、批量通过、规则设置、通报"),
    ("key new.role=operate", "全部操作"),
    ("key new.regions", "可报送或查看哪个地区的报告，写代码，可重复；operate 不用"),
    ("key new.agencies", "可报送哪个机关的报告，按报告上的名称，可重复；只用于 submit"),
    ("key new.expires", "有效期的最后一天，例如 2027-03-31"),
    ("key new.file", "加入这个密钥文件，没有则新建；正在运行的服务立即读取"),
    ("key list", "列出文件中的密钥，或指出其中的错误。"),
    ("key list.file", "密钥文件"),
    ("bus", "设置总线的用户及其权限。"),
    ("bus init", "为每个进程生成身份，并生成 nats-server 的配置；已有的文件不变。"),
    ("bus init.folder", "写到哪个文件夹"),
    ("bus init.place", "nats-server 看到的这个文件夹的路径，与上面不同时写，例如在容器中"),
    ("config", "输出设置文件及全部默认值，或检查一个设置文件。"),
    ("config.file", "要检查的文件；环境变量优先于文件，与各进程相同"),
    // This machine.
    ("up", "在本进程中运行全部流程。"),
    ("up.data", "存放日志、原件和检索库的文件夹"),
    ("up.listen", "上传、控制台和接口的地址；设置中没有则为 127.0.0.1:8470"),
    ("up.nats", "已有总线的地址；设置中也没有则自行启动一个 nats-server"),
    ("up.inbox", "交换文件夹，其中的文件和批次自动报送，并写回回执"),
    ("demo", "在临时文件夹中启动全部流程，送入文件，显示结论和一次检索。"),
    ("demo.once", "显示完毕后结束，不等 Ctrl-C"),
    ("demo.paths", "要送入的文件"),
    ("completions", "输出某种 shell 的命令补全。"),
    ("completions.shell", "哪种 shell"),
    ("man", "输出本命令的手册页，或把各命令的手册页写入文件夹。"),
    ("man.folder", "文件夹，例如 ~/.local/share/man/man1"),
];

/// The text of a verb.
pub(super) fn text(path: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(key, _)| *key == path).map(|(_, text)| *text)
}

/// The text of an option of a verb, or of one of its values.
pub(super) fn of_argument(path: &str, id: &str) -> Option<&'static str> {
    text(&format!("{path}.{id}")).or_else(|| text(&format!("*.{id}")))
}

#[cfg(test)]
pub(super) fn keys() -> Vec<&'static str> {
    TEXTS.iter().map(|(key, _)| *key).collect()
}

#[cfg(test)]
pub(super) fn key(key: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(known, _)| *known == key).map(|(known, _)| *known)
}

#[cfg(test)]
pub(super) fn key_of_argument(path: &str, id: &str) -> Option<&'static str> {
    key(&format!("{path}.{id}")).or_else(|| key(&format!("*.{id}")))
}
