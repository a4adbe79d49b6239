//! Examples of every verb. A test parses each of them.

use crate::language::Language;

/// One line that somebody could type, and what it is for.
struct Example {
    verb: &'static str,
    line: &'static str,
    zh: &'static str,
    en: &'static str,
}

const fn example(verb: &'static str, line: &'static str, zh: &'static str, en: &'static str) -> Example {
    Example { verb, line, zh, en }
}

const EXAMPLES: &[Example] = &[
    example("check", "gouji check 年度报告.docx", "公布前自查", "check a report before publishing it"),
    example(
        "check",
        "gouji check --format json reports/",
        "文件夹中的每份报告输出一行 JSON",
        "one line of JSON for each report of a folder",
    ),
    example(
        "check",
        "gouji check --format xlsx --out 校核结果.xlsx reports/",
        "文件夹中全部报告的校核结果，用 Excel 打开",
        "the findings on all reports of a folder, for Excel",
    ),
    example(
        "submit",
        "gouji submit reports-2024.zip more/",
        "报送压缩包和文件夹，等待入库",
        "send an archive and a folder, and wait",
    ),
    example(
        "search",
        "gouji search '\"未收到政府信息公开申请\" year:2023'",
        "短语和年度",
        "a phrase and a year",
    ),
    example(
        "search",
        "gouji search 'cell.requests.received.total:>100 verdict:fail' --sort=-cell.requests.received.total",
        "收到申请超过100件且有错误的报告，多的在前",
        "reports with errors and over 100 requests, the most first",
    ),
    example("status", "gouji status", "各环节的进度", "how far each stage is"),
    example(
        "letter",
        "gouji letter 年度报告.docx --format docx",
        "写一份整改意见",
        "write a letter about a file",
    ),
    example(
        "export",
        "gouji export --shape figures --out 2024.parquet year:2024",
        "2024年度逐格的数据，供 pandas、DuckDB 读取",
        "every cell of the reports of 2024, for pandas or DuckDB",
    ),
    example(
        "export",
        "gouji export --names zh --out 年度报告.xlsx region:3704",
        "一个市的年度报告，每份一行，用 Excel 打开",
        "a row for each report of a city, for Excel",
    ),
    example(
        "export",
        "gouji export --open data --licence CC-BY-4.0 year:2024",
        "写出可公开的数据文件夹",
        "a folder to be published",
    ),
    example("rules", "gouji rules show T3-01", "一条规则的全文", "one rule in full"),
    example("rules list", "gouji rules list --json", "每条规则一行 JSON", "one line of JSON for each rule"),
    example("rules show", "gouji rules show T3-01", "一条规则的全文", "one rule in full"),
    example(
        "rules diff",
        "gouji rules diff --policy new.toml year:2024",
        "换用新的规则设置后，2024年度哪些结论会变",
        "which verdicts of 2024 the new policy would change",
    ),
    example("roster", "gouji roster import roster.csv", "导入机关名录", "import the list of agencies"),
    example("roster import", "gouji roster import roster.csv", "导入机关名录", "import the list of agencies"),
    example(
        "roster status",
        "gouji roster status --year 2024 --region 6101",
        "西安市2024年度谁未报、谁迟报",
        "who is missing or late in Xi'an for 2024",
    ),
    example(
        "rollup",
        "gouji rollup --region 6101 --year 2024",
        "汇总西安市2024年度的官方表格",
        "fill in the official form of Xi'an for 2024",
    ),
    example(
        "survey",
        "gouji survey --region 6101 --year 2024",
        "比对西安市2024年度的报告",
        "compare the reports of Xi'an for 2024",
    ),
    example(
        "fetch",
        "gouji fetch https://www.example.gov.cn/xxgk/nb/",
        "抓取一个栏目中的全部年度报告",
        "fetch every annual report in a column of a site",
    ),
    example(
        "fetch",
        "gouji fetch --again",
        "再次访问全部网页，看是否有变动",
        "visit every page again and see what was changed",
    ),
    example("withdraw", "gouji withdraw ID --who 张三 --why 数字有误", "撤回一份报告", "withdraw a report"),
    example(
        "topology",
        "gouji topology plan",
        "看看会创建或修改什么",
        "see what would be created or changed",
    ),
    example(
        "topology plan",
        "gouji topology plan",
        "看看会创建或修改什么",
        "see what would be created or changed",
    ),
    example(
        "topology apply",
        "gouji topology apply --replicas 3",
        "创建，在三台服务器上各存一份",
        "create it, with a copy on each of three servers",
    ),
    example("refused", "gouji refused list --since 24h", "最近一天的退回", "refusals of the last day"),
    example("refused list", "gouji refused list --class gave-up", "某一类退回", "refusals of one class"),
    example("refused show", "gouji refused show ID", "一份报告的退回详情", "everything about one refusal"),
    example(
        "refused replay",
        "gouji refused replay --class gave-up --dry-run",
        "看看哪些会重新读取",
        "see which would be read again",
    ),
    example("replay", "gouji replay --all", "升级后全部重新读取", "read everything again after an upgrade"),
    example("reconcile", "gouji reconcile --deep", "核对，并校验每个原件", "check, and hash every original"),
    example("reindex", "gouji reindex --data /srv/gouji", "重建检索库", "build a new index"),
    example("outlet list", "gouji outlet list --config gouji.toml", "查看各出口", "how far each outlet is"),
    example(
        "outlet show",
        "gouji outlet show sheng-qianzhiji --config gouji.toml",
        "一个出口的详情和搁置的消息",
        "one outlet, and what is set aside",
    ),
    example(
        "outlet test",
        "gouji outlet test sheng-qianzhiji --config gouji.toml",
        "检查目标是否就绪",
        "look whether the target is there",
    ),
    example(
        "outlet pause",
        "gouji outlet pause sheng-qianzhiji --config gouji.toml",
        "暂停传送",
        "stop delivering",
    ),
    example(
        "outlet resume",
        "gouji outlet resume sheng-qianzhiji --config gouji.toml",
        "恢复传送",
        "go on delivering",
    ),
    example("outlet check", "gouji outlet check sheng-qianzhiji --config gouji.toml", "对账", "reconcile"),
    example(
        "outlet retry",
        "gouji outlet retry sheng-qianzhiji ID --config gouji.toml",
        "再次传送搁置的消息",
        "try what is set aside once more",
    ),
    example(
        "outlet schema",
        "gouji outlet schema sheng-qianzhiji --format catalog --config gouji.toml",
        "信息资源目录登记表，电子表格和文档各一份",
        "the sheet for the catalogue, as a workbook and a document",
    ),
    example(
        "outlet rewind",
        "gouji outlet rewind sheng-qianzhiji --to start --config gouji.toml",
        "全部重新传送",
        "deliver everything again",
    ),
    example("pause", "gouji pause index --for 2h", "入库环节暂停两小时", "pause the index for two hours"),
    example("resume", "gouji resume index", "恢复入库环节", "end the pause of the index"),
    example(
        "audit",
        "gouji audit --since 2026-11-22 --refused",
        "某日以来被拒绝的操作",
        "refused actions since a day",
    ),
    example(
        "key",
        "gouji key new --name 西安市财政局 --role submit --region 6101 --file keys.toml",
        "给一个报送单位发放密钥",
        "a key for an agency",
    ),
    example(
        "key new",
        "gouji key new --name 西安市财政局 --role submit --region 6101 --file keys.toml",
        "给一个报送单位发放密钥",
        "a key for an agency",
    ),
    example("key list", "gouji key list --file keys.toml", "列出密钥", "list the keys"),
    example("user", "gouji user new zhangsan --role review --region 6101", "建立账号", "make an account"),
    example("user list", "gouji user list --role review", "列出审核员", "list the reviewers"),
    example(
        "user new",
        "gouji user new caizheng --display 西安市财政局 --role submit --region 6101 --agency 西安市财政局",
        "给一个报送单位建立账号",
        "an account for an agency",
    ),
    example("user role", "gouji user role zhangsan --role lead", "改为负责人", "make somebody a chief"),
    example("user disable", "gouji user disable zhangsan", "停用账号", "disable an account"),
    example("user enable", "gouji user enable zhangsan", "启用账号", "enable it again"),
    example("user reset", "gouji user reset zhangsan", "忘记密码", "a forgotten password"),
    example("user sign-out", "gouji user sign-out zhangsan", "结束其全部登录", "end its sessions"),
    example(
        "bus",
        "gouji bus init /etc/gouji/nats",
        "生成各进程的身份",
        "make the identities of the processes",
    ),
    example(
        "bus init",
        "gouji bus init /etc/gouji/nats",
        "生成各进程的身份",
        "make the identities of the processes",
    ),
    example(
        "bus export plan",
        "gouji bus export plan /etc/gouji/nats",
        "看看各地区的账户和副本是否齐全",
        "see whether each region has its account and its copy",
    ),
    example(
        "bus export apply",
        "gouji bus export apply --regions 3704,370502 /etc/gouji/nats",
        "让枣庄市及其区县、东营市东营区各自取得本地区的数据",
        "let a city with its counties and a county of another city copy what concerns them",
    ),
    example(
        "scans install",
        "gouji scans install",
        "下载并安装识别模型",
        "download and install the recogniser",
    ),
    example(
        "scans install",
        "gouji scans install --from /media/usb",
        "从带来的文件夹安装",
        "install it from a folder that was brought along",
    ),
    example("config", "gouji config", "输出全部设置及默认值", "print every setting with its default"),
    example("config", "gouji config gouji.toml", "检查设置文件", "check a file of settings"),
    example("up", "gouji up --data /srv/gouji", "数据存放在 /srv/gouji", "with its data in /srv/gouji"),
    example("demo", "gouji demo --once", "演示一遍后结束", "show everything once and end"),
    example(
        "completions",
        "gouji completions bash > ~/.local/share/bash-completion/completions/gouji",
        "安装 bash 补全",
        "install the completions for bash",
    ),
    example("man", "gouji man ~/.local/share/man/man1", "安装手册页", "install the manual pages"),
];

fn all_of(verb: &str) -> impl Iterator<Item = &'static Example> {
    EXAMPLES.iter().filter(move |example| example.verb == verb)
}

/// The examples of a verb, to stand below its help.
pub(super) fn text(verb: &str, language: Language) -> Option<String> {
    let lines: Vec<String> = all_of(verb)
        .map(|example| match language {
            Language::Zh => format!("  {}\n      {}", example.line, example.zh),
            Language::En => format!("  {}\n      {}", example.line, example.en),
        })
        .collect();
    let heading = match language {
        Language::Zh => "示例：",
        Language::En => "Examples:",
    };
    (!lines.is_empty()).then(|| format!("{heading}\n{}", lines.join("\n")))
}

#[cfg(test)]
pub(super) fn of(verb: &str) -> impl Iterator<Item = &'static str> {
    all_of(verb).map(|example| example.line)
}

#[cfg(test)]
pub(super) fn lines() -> impl Iterator<Item = &'static str> {
    EXAMPLES.iter().map(|example| example.line)
}

/// The words of a line, as a shell passes them on.
#[cfg(test)]
pub(super) fn words(line: &str) -> Vec<String> {
    let line = line.split(" > ").next().unwrap_or_default();
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            letter => words.last_mut().unwrap().push(letter),
        }
    }
    words
}
