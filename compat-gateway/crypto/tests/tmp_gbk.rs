use map_legacy_crypto::Charset;
#[test]
fn diff() {
    let java: std::collections::HashMap<u32, String> = std::fs::read_to_string("/tmp/gbk/java.txt").unwrap().lines()
        .map(|l| { let (a, b) = l.split_once(' ').unwrap(); (u32::from_str_radix(a, 16).unwrap(), if b == "?" { "3f".into() } else { b.into() }) }).collect();
    let mut n = 0;
    for c in '\0'..=char::MAX {
        let ours: String = Charset::Gbk.encode(&c.to_string()).iter().map(|b| format!("{b:02x}")).collect();
        let theirs = java.get(&(c as u32)).cloned().unwrap_or("3f".into());
        if ours != theirs { n += 1; println!("{:04x} ours {ours} java {theirs}", c as u32); }
    }
    println!("{n} differ");
}
