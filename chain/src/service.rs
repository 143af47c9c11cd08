// SPDX-License-Identifier: Apache-2.0
//! The service: GraphQL over the application's state on one chain. Queries read it; mutations schedule operations.

#![cfg_attr(target_arch = "wasm32", no_main)]

mod mutation;
mod objects;
mod page;
mod query;

use std::sync::Arc;

use async_graphql::{EmptySubscription, Request, Response, Schema};
use linera_sdk::{linera_base_types::WithServiceAbi, views::View, Service, ServiceRuntime};
use taleproof_chain::{state::State, Parameters, TaleproofAbi};

use crate::{mutation::MutationRoot, query::QueryRoot};

#[cfg(all(test, not(target_arch = "wasm32")))]
mod service_tests;

/// How deep a query may go; the deepest that makes sense is 7.
const DEPTH: usize = 12;

pub type Runtime = Arc<ServiceRuntime<TaleproofService>>;
type TaleproofSchema = Schema<QueryRoot, MutationRoot, EmptySubscription>;

pub struct TaleproofService {
    schema: TaleproofSchema,
}

linera_sdk::service!(TaleproofService);

impl WithServiceAbi for TaleproofService {
    type Abi = TaleproofAbi;
}

impl Service for TaleproofService {
    type Parameters = Parameters;

    async fn new(runtime: ServiceRuntime<Self>) -> Self {
        let state = State::load(runtime.root_view_storage_context()).await.expect("the state can be loaded");
        Self { schema: schema(Arc::new(state), Arc::new(runtime)) }
    }

    async fn handle_query(&self, request: Request) -> Response {
        self.schema.execute(request).await
    }
}

fn schema(state: Arc<State>, runtime: Runtime) -> TaleproofSchema {
    let mutation = MutationRoot { state: state.clone(), runtime: runtime.clone() };
    Schema::build(QueryRoot { state, runtime }, mutation, EmptySubscription).limit_depth(DEPTH).finish()
}
