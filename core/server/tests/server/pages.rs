//! Lists come in pages: every item once, in order, whatever comes between two pages; sizes and tokens are
//! checked.

use crate::harness::{APP, Fixture, GATEWAY, OPERATOR, app, by, document, refused, terminal};
use crate::story::{ID, MOBILE, Story};
use map_domain::{MobileNumber, Timestamp};
use map_proto::account::v1::ListAccountsRequest;
use map_proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use map_proto::catalog::v1::{
    self as catalog, ListFuelProductsRequest, ListProductsRequest, ListSellersRequest,
};
use map_proto::opening::v1::OpenCardRequest;
use map_proto::operator::v1::ListSentSmsCodesRequest;
use map_proto::operator::v1::operator_service_client::OperatorServiceClient;
use map_proto::provisioning::v1::{Document, GetDirectoryRequest};
use map_server::InProcess;
use map_server::ports::SmsSender;
use std::future::Future;
use tonic::{Code, Status};

/// A page: its items' names and the token for the next.
type Page = Result<(Vec<String>, String), Status>;

/// All pages of this size.
async fn pages<F: Future<Output = Page>>(size: i32, ask: impl Fn(i32, String) -> F) -> Vec<Vec<String>> {
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let (page, next) = ask(size, token).await.unwrap();
        pages.push(page);
        if next.is_empty() {
            return pages;
        }
        token = next;
    }
}

/// Whole in one page and in many; bad sizes and tokens are refused. `whole`: the names in order.
async fn check<F: Future<Output = Page>>(what: &str, whole: &[String], ask: impl Fn(i32, String) -> F) {
    assert!(whole.len() > 2, "{what}: {whole:?}");
    for size in [1, 2, 499] {
        let pages = pages(size, &ask).await;
        let most = usize::try_from(size).unwrap();
        assert_eq!(pages.concat(), whole, "{what} by {size}");
        assert_eq!(pages.len(), whole.len().div_ceil(most), "{what} by {size}");
        assert!(
            pages.iter().all(|page| (1..=most).contains(&page.len())),
            "{what}"
        );
    }
    for (size, token) in [
        (-1, ""),
        (501, ""),
        (1, "x"),
        (1, "abc"),
        (1, "00"),
        (1, &"41".repeat(300)),
    ] {
        let answer = ask(size, token.to_owned()).await;
        assert_eq!(
            refused(answer),
            (Code::InvalidArgument, "MALFORMED_REQUEST".to_owned()),
            "{what}: {size} {token:?}"
        );
    }
}

fn catalog(fixture: &Fixture) -> CatalogServiceClient<InProcess> {
    CatalogServiceClient::new(fixture.edge())
}

/// More of everything: identifiers in the order of their bytes.
fn larger() -> Document {
    let mut larger = document();
    for n in 0..5 {
        let product = catalog::Product {
            product_id: format!("p{n}"),
            ..larger.products[0].clone()
        };
        larger.products.push(product);
        larger.fuel_products.push(catalog::FuelProduct {
            fuel_product_id: format!("f{n}"),
            name: format!("{n}号汽油"),
        });
        larger
            .callers
            .push(app(&format!("more{n}"), &format!("key {n}"), "net1"));
        larger.sellers.push(catalog::Seller {
            seller_id: format!("more{n}"),
            stores: vec![catalog::Store {
                store_id: "ST1".to_owned(),
                terminals: vec![terminal("T1", if n == 2 { "net2" } else { "net1" })],
                ..catalog::Store::default()
            }],
            ..catalog::Seller::default()
        });
    }
    larger
}

async fn sellers(fixture: &Fixture, key: &str, page_size: i32, page_token: String) -> Page {
    let request = ListSellersRequest {
        page_size,
        page_token,
    };
    let page = catalog(fixture)
        .list_sellers(by(key, request))
        .await?
        .into_inner();
    assert_eq!(page.catalogue_revision, 2);
    let ids = page.sellers.into_iter().map(|seller| seller.seller_id);
    Ok((ids.collect(), page.next_page_token))
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&name| name.to_owned()).collect()
}

#[tokio::test]
async fn the_catalogue_is_read_page_by_page() {
    let fixture = Fixture::new().await;
    fixture.apply(larger()).await.unwrap();
    let all = names(&["1010", "2610", "p0", "p1", "p2", "p3", "p4"]);
    check("products", &all, async |page_size, page_token| {
        let request = ListProductsRequest {
            page_size,
            page_token,
            ..ListProductsRequest::default()
        };
        let page = catalog(&fixture)
            .list_products(by(APP, request))
            .await?
            .into_inner();
        assert_eq!(page.catalogue_revision, 2);
        let ids = page.products.into_iter().map(|product| product.product_id);
        Ok((ids.collect(), page.next_page_token))
    })
    .await;
    let all = names(&["D0", "f0", "f1", "f2", "f3", "f4"]);
    check("fuel products", &all, async |page_size, page_token| {
        let request = ListFuelProductsRequest {
            page_size,
            page_token,
        };
        let page = catalog(&fixture)
            .list_fuel_products(by(APP, request))
            .await?
            .into_inner();
        assert_eq!(page.catalogue_revision, 2);
        let ids = page.fuel_products.into_iter().map(|fuel| fuel.fuel_product_id);
        Ok((ids.collect(), page.next_page_token))
    })
    .await;
    let all = names(&["S1", "S2", "more0", "more1", "more2", "more3", "more4"]);
    check("sellers", &all, |size, token| {
        sellers(&fixture, OPERATOR, size, token)
    })
    .await;
    // What the caller does not see takes no room on a page.
    let seen = names(&["S1", "more0", "more1", "more3", "more4"]);
    check("an app's sellers", &seen, |size, token| {
        sellers(&fixture, APP, size, token)
    })
    .await;
}

#[tokio::test]
async fn the_directory_is_read_page_by_page() {
    let fixture = Fixture::new().await;
    fixture.apply(larger()).await.unwrap();
    let all = names(&[
        "app1", "app2", "idle", "more0", "more1", "more2", "more3", "more4", "c1", "net1", "net2",
    ]);
    check("the directory", &all, async |page_size, page_token| {
        let request = GetDirectoryRequest {
            page_size,
            page_token,
            ..GetDirectoryRequest::default()
        };
        let page = fixture
            .provisioning()
            .get_directory(by(GATEWAY, request))
            .await?
            .into_inner();
        assert_eq!(page.revision, 2);
        let ids = page.callers.into_iter().map(|caller| caller.caller_id);
        Ok((ids.collect(), page.next_page_token))
    })
    .await;
}

/// One that goes or comes between two pages moves no other.
#[tokio::test]
async fn a_catalogue_that_changes_between_pages_shows_every_other_item_once() {
    let fixture = Fixture::new().await;
    fixture.apply(larger()).await.unwrap();
    let ask = async |page_token: String| {
        let request = ListProductsRequest {
            page_size: 3,
            page_token,
            ..ListProductsRequest::default()
        };
        let page = catalog(&fixture)
            .list_products(by(APP, request))
            .await
            .unwrap()
            .into_inner();
        let ids: Vec<_> = page
            .products
            .into_iter()
            .map(|product| product.product_id)
            .collect();
        (ids, page.next_page_token, page.catalogue_revision)
    };
    let (ids, next, revision) = ask(String::new()).await;
    assert_eq!((ids, revision), (names(&["1010", "2610", "p0"]), 2));
    let mut changed = larger();
    changed
        .products
        .retain(|product| !matches!(product.product_id.as_str(), "p0" | "p2"));
    changed.products.push(catalog::Product {
        product_id: "0999".to_owned(),
        ..changed.products[0].clone()
    });
    fixture.apply(changed).await.unwrap();
    let (ids, next, revision) = ask(next).await;
    assert_eq!(
        (ids, next.as_str(), revision),
        (names(&["p1", "p3", "p4"]), "", 3)
    );
}

#[tokio::test]
async fn a_customers_accounts_are_read_page_by_page() {
    let story = Story::new().await;
    for n in 0..3 {
        let sms_code = story.sms_code(APP, &format!("sms {n}")).await;
        let request = OpenCardRequest {
            id_number: ID.to_owned(),
            ..Story::opening(&format!("open {n}"), &sms_code)
        };
        story.openings().open_card(by(APP, request)).await.unwrap();
        story.fixture.clock.advance(61_000);
    }
    let whole = story.all_accounts().await;
    let all: Vec<_> = whole.into_iter().map(|account| account.account_number).collect();
    let ask = async |key: &str, mobile: &str, page_size, page_token| -> Page {
        let request = ListAccountsRequest {
            mobile_number: mobile.to_owned(),
            page_size,
            page_token,
        };
        let page = story
            .accounts()
            .list_accounts(by(key, request))
            .await?
            .into_inner();
        let numbers = page.accounts.into_iter().map(|account| account.account_number);
        Ok((numbers.collect(), page.next_page_token))
    };
    check("accounts", &all, |size, token| ask(APP, MOBILE, size, token)).await;
    // A well-formed token that names no account of this customer.
    let elsewhere: String = "2010888000000000"
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        refused(ask(OPERATOR, MOBILE, 1, elsewhere).await),
        (Code::InvalidArgument, "MALFORMED_REQUEST".to_owned())
    );
}

#[tokio::test]
async fn the_development_outbox_is_read_page_by_page_while_codes_come_in() {
    let fixture = Fixture::new().await;
    let mobiles = ["13900000001", "13900000002"].map(|text| MobileNumber::parse(text).unwrap());
    let send = async |code: &str, to: usize| {
        // All within the same moment.
        let at = Timestamp::from_millis(1);
        fixture.outbox.send(&mobiles[to], code, at).await.unwrap();
    };
    for (n, code) in ["0001", "0002", "0003", "0004", "0005", "0006"]
        .into_iter()
        .enumerate()
    {
        send(code, n % 2).await;
    }
    let ask = async |mobile_number: &str, page_size: i32, page_token: String| -> Page {
        let request = ListSentSmsCodesRequest {
            mobile_number: mobile_number.to_owned(),
            page_size,
            page_token,
        };
        let mut operator = OperatorServiceClient::new(fixture.edge());
        let page = operator
            .list_sent_sms_codes(by(OPERATOR, request))
            .await?
            .into_inner();
        Ok((
            page.codes.into_iter().map(|sent| sent.code).collect(),
            page.next_page_token,
        ))
    };
    let all = names(&["0006", "0005", "0004", "0003", "0002", "0001"]);
    check("codes", &all, |size, token| ask("", size, token)).await;
    let of_one = names(&["0005", "0003", "0001"]);
    check("codes of one", &of_one, |size, token| {
        ask("13900000001", size, token)
    })
    .await;
    let (page, next) = ask("", 4, String::new()).await.unwrap();
    assert_eq!(page, all[..4]);
    send("0007", 0).await;
    let (page, next) = ask("", 4, next).await.unwrap();
    assert_eq!((page, next.as_str()), (all[4..].to_vec(), ""));
}

/// A seller may have so many terminals that a page of 500 sellers would be no message.
#[tokio::test]
async fn a_page_of_large_items_holds_fewer() {
    let fixture = Fixture::new().await;
    let mut large = document();
    for n in 0..3 {
        let terminals = (0..9_000).map(|t| terminal(&format!("{t:0>50}"), "net1"));
        large.sellers.push(catalog::Seller {
            seller_id: format!("large{n}"),
            stores: vec![catalog::Store {
                store_id: "ST1".to_owned(),
                terminals: terminals.collect(),
                ..catalog::Store::default()
            }],
            ..catalog::Seller::default()
        });
    }
    fixture.apply(large).await.unwrap();
    let pages = pages(500, |size, token| sellers(&fixture, OPERATOR, size, token)).await;
    let expected = [&["S1", "S2", "large0"][..], &["large1"], &["large2"]];
    assert_eq!(pages, expected.map(names));
}
