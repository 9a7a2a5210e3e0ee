//! Lists are read to their end, against a scripted core on a real socket.
#![cfg(test)]

use map_client::proto::catalog::v1::catalog_service_server::{CatalogService, CatalogServiceServer};
use map_client::proto::catalog::v1::{
    GetProductRequest, GetProductResponse, GetTerminalRequest, GetTerminalResponse, ListFuelProductsRequest,
    ListFuelProductsResponse, ListProductsRequest, ListProductsResponse, ListSellersRequest,
    ListSellersResponse, Product,
};
use map_client::{ClientConfig, Error, ErrorReason, MapClient};
use std::collections::HashMap;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Three pages of products; the token is the page's number. Page sizes other than 500 and 7 are refused.
struct Scripted;

#[tonic::async_trait]
impl CatalogService for Scripted {
    async fn list_products(
        &self,
        request: Request<ListProductsRequest>,
    ) -> Result<Response<ListProductsResponse>, Status> {
        let asked = request.into_inner();
        if ![500, 7].contains(&asked.page_size) {
            let metadata = HashMap::from([("request_id".to_owned(), "r-1".to_owned())]);
            let mut details = ErrorDetails::with_error_info("MALFORMED_REQUEST", "map", metadata);
            details.set_retry_info(Some(Duration::from_secs(7)));
            return Err(Status::with_error_details(Code::InvalidArgument, "text", details));
        }
        let page: usize = asked.page_token.parse().unwrap_or_default();
        let product = Product {
            product_id: format!("{}/{page}", asked.page_size),
            ..Product::default()
        };
        let next_page_token = if page < 2 {
            page.saturating_add(1).to_string()
        } else {
            String::new()
        };
        Ok(Response::new(ListProductsResponse {
            products: vec![product],
            next_page_token,
            catalogue_revision: 1,
        }))
    }

    async fn get_product(
        &self,
        _: Request<GetProductRequest>,
    ) -> Result<Response<GetProductResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_fuel_products(
        &self,
        _: Request<ListFuelProductsRequest>,
    ) -> Result<Response<ListFuelProductsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_sellers(
        &self,
        _: Request<ListSellersRequest>,
    ) -> Result<Response<ListSellersResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_terminal(
        &self,
        _: Request<GetTerminalRequest>,
    ) -> Result<Response<GetTerminalResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

/// All products, asked for with this page size.
async fn all(page_size: i32) -> Result<Vec<String>, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = tonic::transport::Server::builder().add_service(CatalogServiceServer::new(Scripted));
    let server = tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    let client = MapClient::new(ClientConfig::new(format!("http://{address}"), "key")).unwrap();
    let request = ListProductsRequest {
        page_size,
        ..ListProductsRequest::default()
    };
    let answer = client.all_products(request).await;
    server.abort();
    Ok(answer?.into_iter().map(|product| product.product_id).collect())
}

#[tokio::test]
async fn a_whole_list_is_every_page_of_it() {
    assert_eq!(all(0).await.unwrap(), ["500/0", "500/1", "500/2"]);
    assert_eq!(all(7).await.unwrap(), ["7/0", "7/1", "7/2"]);
}

#[tokio::test]
async fn a_refusal_names_its_request_and_tells_its_metadata() {
    let Err(Error::Refused(refusal)) = all(-1).await else {
        panic!("a page of -1 items is refused");
    };
    assert_eq!(refusal.reason, ErrorReason::MalformedRequest);
    assert_eq!(refusal.request_id(), Some("r-1"));
    assert_eq!(refusal.metadata.len(), 1);
    assert_eq!(refusal.retry_delay, Some(Duration::from_secs(7)));
}
