//! Events and the audit trail.

use super::*;

fn event(ms: i64, target: &str) -> Event {
    let at = NOW.saturating_add_millis(ms);
    Event {
        kind: EventKind::ReplayAfterWindow,
        at,
        target: target.to_owned(),
    }
}

#[tokio::test]
async fn events_of_customers_and_others_are_listed_newest_first_page_by_page() {
    let store = MemoryStore::new();
    for event in [event(3, "no customer"), event(1, "no customer, earlier")] {
        append_event(&store, &event).await.unwrap();
    }
    let known = state();
    let events = vec![event(2, "customer"), event(2, "customer again")];
    let decision = Decision {
        events,
        orders: vec![paid()],
        ..nothing(&paid())
    };
    applied(
        &store,
        CommitBuilder::new(Version::NONE, &known, &decision)
            .build()
            .unwrap(),
    )
    .await;
    let mut targets = Vec::new();
    let mut after = None;
    loop {
        let (events, next) = list_events(&store, after, 3).await.unwrap();
        targets.extend(events.into_iter().map(|event| event.target));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(
        targets,
        [
            "no customer",
            "customer",
            "customer again",
            "no customer, earlier"
        ]
    );
}

#[tokio::test]
async fn the_audit_trail_is_listed_newest_first_page_by_page() {
    let store = MemoryStore::new();
    for at in 0_i64..5 {
        let entry = AuditEntry {
            at: NOW.saturating_add_millis(at),
            ..samples::audit_entry()
        };
        append_audit_entries(&store, &[entry]).await.unwrap();
    }
    let (first, next) = list_audit_entries(&store, None, 3).await.unwrap();
    let (rest, end) = list_audit_entries(&store, next, 3).await.unwrap();
    let times: Vec<i64> = first
        .iter()
        .chain(&rest)
        .map(|entry| entry.at.millis_since(NOW))
        .collect();
    assert_eq!(times, [4, 3, 2, 1, 0]);
    assert_eq!(end, None);
}

#[tokio::test]
async fn an_event_that_is_told_again_is_there_once() {
    let store = MemoryStore::new();
    let other_kind = Event {
        kind: EventKind::PinBlockUnreadable,
        ..event(1, "x")
    };
    let told = [event(1, "x"), event(2, "x"), event(1, "y"), other_kind];
    for _ in 0..3 {
        for event in &told {
            append_event(&store, event).await.unwrap();
        }
    }
    let (events, _) = list_events(&store, None, 1000).await.unwrap();
    assert_eq!(events.len(), told.len(), "{events:?}");
    assert!(told.iter().all(|event| events.contains(event)));
}

#[tokio::test]
async fn writers_of_one_stream_lose_nothing() {
    let store = std::sync::Arc::new(MemoryStore::new());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = std::sync::Arc::clone(&store);
        let entries = [samples::audit_entry(), samples::audit_entry()];
        tasks.spawn(async move { append_audit_entries(&*store, &entries).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    let (entries, _) = list_audit_entries(&*store, None, 1000).await.unwrap();
    assert_eq!(entries.len(), 40);
}
