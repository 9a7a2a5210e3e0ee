//! A run: the steps of a plan, one after the other or over each other; then everything comes to rest, and
//! most clients ask a last time what became of what they wanted.

use crate::client;
use crate::history::{Answer, History};
use crate::outcome::Outcome;
use crate::plan::{Ask, Code, Step, What};
use crate::planted::Planted;
use crate::request::{Effect, Proof, Request, digits, wire_key};
use crate::rules;
use crate::truth::Truth;
use crate::world::{ID_NUMBER, World, founders, mobile};
use map_proto::account::v1::GetBalanceRequest;
use map_proto::customer::v1::{ResetPaymentCodeRequest, SetPaymentCodeRequest};
use map_proto::opening::v1::{FindOpeningRequest, OpenCardRequest};
use map_proto::operator::v1::{
    FreezeAccountRequest, ReversePaymentRequest as OperatorReverseRequest, UnfreezeAccountRequest,
    UnlockPaymentCodeRequest,
};
use map_proto::payment::v1::{CancelPaymentRequest, FindPaymentRequest, PayRequest, ReversePaymentRequest};
use map_proto::transfer::v1::{TopUpRequest, TransferToCashRequest};
use map_store::BulkRow;
use map_store::faulty::{Counts, Odds};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

/// What a client presents where it does not know the code.
const WRONG: &str = "999999";

/// Of four keys, so many are never asked for again: what is there of them was never settled.
const FORGOTTEN: u8 = 1;

/// Longer than any server works at one request, in ms.
const REST_MS: u64 = 60_000;

fn ms(ms: impl Into<u64>) -> Duration {
    Duration::from_millis(ms.into())
}

/// What every run begins with; made once.
pub struct Beginning(Vec<BulkRow>);

/// Runs something in one thread, with paused time.
fn paused<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(work)
}

impl Default for Beginning {
    fn default() -> Self {
        Self(paused(World::provisioned()))
    }
}

/// Plays these steps and judges what came of them.
pub fn run(seed: u64, steps: &[Step], planted: Option<Planted>, beginning: &Beginning) -> Outcome {
    let (history, truth, counts) = play(seed, steps, planted, beginning);
    Outcome {
        violations: rules::judge(&history, &truth),
        counts,
        history,
    }
}

/// Plays these steps: what was asked and told, what is there at the end, and the faults that were met.
pub fn play(
    seed: u64,
    steps: &[Step],
    planted: Option<Planted>,
    beginning: &Beginning,
) -> (History, Truth, Counts) {
    paused(async {
        let mut run = Run {
            world: World::new(seed, planted, &beginning.0).await,
            planted: planted.map(Planted::wire).unwrap_or_default(),
            history: Arc::default(),
            waiting: Vec::new(),
        };
        run.begin().await;
        for step in steps {
            run.play(step).await;
        }
        run.rest(seed).await;
        let truth = Truth::read(&run.world.store).await;
        let history = run.history.lock().unwrap().clone();
        (history, truth, run.world.store.counts())
    })
}

struct Run {
    world: World,
    planted: crate::planted::Wire,
    history: Arc<Mutex<History>>,
    waiting: Vec<JoinHandle<()>>,
}

impl Run {
    /// Customers come, with money and a payment code.
    async fn begin(&mut self) {
        for customer in founders() {
            let number = u32::from(customer);
            let fen = 200_000;
            let top_up = Ask::TopUp {
                number: 900_000 + number,
                customer,
                fen,
            };
            let set = Ask::SetCode {
                number: 910_000 + number,
                customer,
                sms: Code::Right,
            };
            for ask in [top_up, set] {
                let request = self.request(&ask, 0).await.unwrap();
                self.ask(None, 0, (request, None), 20_000, false).await.unwrap();
            }
        }
    }

    async fn play(&mut self, step: &Step) {
        self.world.store.faults.reseed(step.faults, step.odds);
        self.world.clock.advance(500);
        match step.what {
            What::Crash(chance) => {
                self.world.crash(step.server, chance).await;
                self.world.store.faults.reseed(step.faults, step.odds);
            }
            What::Clock(ms) => self.world.clock.advance(ms),
            What::Midnight(ms) => self.world.clock.before_midnight(ms),
            What::Arrive => drop(self.world.store.arrive().await),
            What::Lose => self.world.store.forget(),
            What::Ask(ref ask) => {
                if let Some(request) = self.request(ask, step.server).await {
                    self.send(step, signed(step, request)).await;
                }
            }
            What::Stolen(of, ref ask) => {
                let seen = self
                    .history
                    .lock()
                    .unwrap()
                    .of_step(of)
                    .and_then(|call| call.proof);
                if let (Some(proof), Some(request)) = (seen, self.request(ask, step.server).await) {
                    self.send(step, (request, Some(proof))).await;
                }
            }
            What::Again(of) => self.send_like(step, of, |request, _| Some(request.clone())).await,
            What::OtherContent(of) => {
                self.send_like(step, of, |request, _| request.with_other_content())
                    .await
            }
            What::RightCode(of) => self.send_like(step, of, Request::with_code).await,
        }
    }

    async fn send_like(&mut self, step: &Step, of: usize, other: impl Fn(&Request, &str) -> Option<Request>) {
        let earlier = self
            .history
            .lock()
            .unwrap()
            .of_step(of)
            .map(|call| (call.request.clone(), call.proof));
        let Some((earlier, proof)) = earlier else { return };
        let code = self.code_of(&earlier);
        if let Some(request) = other(&earlier, &code) {
            // The same bytes have the signature that they had, unless they are signed anew.
            let message = match (proof, request == earlier && !step.signs) {
                (Some(proof), true) => (request, Some(proof)),
                (Some(_), false) => (request, Some(Proof(step.number))),
                (None, _) => (request, None),
            };
            self.send(step, message).await;
        }
    }

    /// Sends, and waits for the answer as long as the step says.
    async fn send(&mut self, step: &Step, message: (Request, Option<Proof>)) {
        let mut asking = self.ask(Some(step.number), step.server, message, step.patience_ms, false);
        if tokio::time::timeout(ms(step.pause_ms), &mut asking)
            .await
            .is_err()
        {
            self.waiting.push(asking);
        }
    }

    /// Sends; the task notes the answer.
    fn ask(
        &self,
        step: Option<usize>,
        server: usize,
        message: (Request, Option<Proof>),
        patience_ms: u32,
        last: bool,
    ) -> JoinHandle<()> {
        let mut history = self.history.lock().unwrap();
        let call = history.ask(step, server, message.clone(), last);
        drop(history);
        let (request, proof) = message;
        let edge = self.world.edge(server);
        let crash = self.world.crash_of(server);
        let history = Arc::clone(&self.history);
        let request = self.planted.rewrite(request);
        tokio::spawn(async move {
            let answer = tokio::select! {
                biased;
                () = crash => Answer::Unsure("the connection broke".to_owned()),
                answer = client::ask(edge, request, proof) => answer,
                () = tokio::time::sleep(ms(patience_ms)) => Answer::Unsure("gave up".to_owned()),
            };
            history.lock().unwrap().tell(call, answer);
        })
    }

    /// Everything comes to rest: who waits is answered or gives up, what is on its way arrives or not, the
    /// servers are started anew. Then, with nothing going wrong any more, most clients ask a last time.
    async fn rest(&mut self, seed: u64) {
        let mut chance = fastrand::Rng::with_seed(seed);
        self.world.store.faults.reseed(0, Odds::NONE);
        for asking in std::mem::take(&mut self.waiting) {
            asking.await.unwrap();
        }
        tokio::time::sleep(ms(REST_MS)).await;
        if chance.bool() {
            self.world.store.arrive().await;
        }
        self.world.store.forget();
        for server in 0..2 {
            self.world.crash(server, chance.u64(..)).await;
        }
        let asked = self.history.lock().unwrap().calls.clone();
        let mut settled = BTreeSet::new();
        for call in asked.iter().rev() {
            let name = (call.key(), call.request.effect());
            // Who presented what others signed never wanted to know.
            let in_vain = call.no() == Some("PROOF_REUSED");
            if call.request.effect() == Effect::None || in_vain || !settled.insert(name) {
                continue;
            }
            if chance.u8(0..4) >= FORGOTTEN {
                let message = (call.request.clone(), call.proof);
                self.ask(None, 0, message, 20_000, true).await.unwrap();
            }
        }
    }

    /// The payment code of who is asked for, as its owner knows it.
    fn code_of(&self, request: &Request) -> String {
        match request {
            Request::Pay(m) => self.code(&m.consumer),
            Request::Balance(m) => self.code(&m.consumer),
            Request::Transfer(m) => self.code(&m.mobile_number),
            _ => WRONG.to_owned(),
        }
    }

    /// The payment code that a mobile number's owner was last told to be set.
    fn code(&self, mobile: &str) -> String {
        let history = self.history.lock().unwrap();
        let set = history.calls.iter().rev().filter(|call| call.yes().is_some());
        let mut codes = set.filter_map(|call| match &call.request {
            Request::SetCode(m) if m.mobile_number == mobile => Some(&m.idempotency_key),
            Request::ResetCode(m) if m.mobile_number == mobile => Some(&m.idempotency_key),
            _ => None,
        });
        codes
            .next()
            .map_or_else(|| WRONG.to_owned(), |number| code_under(number))
    }

    fn presented(&self, mobile: &str, code: Code) -> String {
        match code {
            Code::Right => self.code(mobile),
            Code::Wrong => WRONG.to_owned(),
        }
    }

    /// An SMS code for an order, sent just now; or one that nobody sent.
    async fn sms(&self, mobile: &str, number: u32, sms: Code, server: usize) -> String {
        match sms {
            Code::Right => {
                client::send_sms(self.world.edge(server), mobile, &format!("sms-{number}")).await;
                self.world.last_sms(mobile).unwrap_or_else(|| "0000".to_owned())
            }
            Code::Wrong => "0000".to_owned(),
        }
    }

    /// The account that answers to calls like these told of last.
    fn account(&self, wanted: impl Fn(&Request) -> bool) -> Option<String> {
        let history = self.history.lock().unwrap();
        let mut told = history.calls.iter().rev().filter(|call| wanted(&call.request));
        told.find_map(|call| call.yes()).map(|yes| yes.account.clone())
    }

    /// The newest card of a customer.
    fn card(&self, of: &str) -> Option<String> {
        self.account(|request| matches!(request, Request::Open(m) if m.mobile_number == of))
    }

    /// The order number that the payment of a serial was told to have.
    fn payment_number(&self, serial: u32) -> Option<String> {
        let key = crate::request::pos(&serial.to_string(), map_domain::Slot::Pay);
        let history = self.history.lock().unwrap();
        let found = history
            .under(&key)
            .filter(|call| matches!(call.request, Request::Pay(_)));
        found
            .filter_map(|call| call.yes())
            .next()
            .map(|yes| yes.number.clone())
    }

    /// The message of what a client wants; `None`: it does not know enough to ask.
    async fn request(&self, ask: &Ask, server: usize) -> Option<Request> {
        Some(match *ask {
            Ask::Pay {
                serial,
                customer,
                card,
                fen,
                code,
            } => {
                let mobile = mobile(customer);
                let payment_code = digits(&self.presented(&mobile, code));
                let card = if card { self.card(&mobile) } else { None };
                Request::Pay(PayRequest {
                    key: wire_key(serial),
                    consumer: card.unwrap_or(mobile),
                    payment_code,
                    amount_fen: fen,
                    store_id: "ST1".to_owned(),
                    ..PayRequest::default()
                })
            }
            Ask::Undo { serial } => Request::Undo(ReversePaymentRequest {
                key: wire_key(serial),
                store_id: "ST1".to_owned(),
                ..ReversePaymentRequest::default()
            }),
            Ask::Cancel {
                serial,
                original,
                by_number,
            } => {
                let number = if by_number {
                    self.payment_number(original)
                } else {
                    None
                };
                Request::Cancel(CancelPaymentRequest {
                    key: wire_key(serial),
                    original: number.unwrap_or_else(|| original.to_string()),
                    store_id: "ST1".to_owned(),
                    ..CancelPaymentRequest::default()
                })
            }
            Ask::FindPayment { serial } => Request::FindPayment(FindPaymentRequest {
                key: wire_key(serial),
            }),
            Ask::Balance {
                serial,
                customer,
                code,
            } => Request::Balance(GetBalanceRequest {
                key: wire_key(serial),
                consumer: mobile(customer),
                payment_code: digits(&self.presented(&mobile(customer), code)),
                store_id: "ST1".to_owned(),
                clerk_id: String::new(),
            }),
            Ask::TopUp {
                number,
                customer,
                fen,
            } => Request::TopUp(TopUpRequest {
                idempotency_key: number.to_string(),
                mobile_number: mobile(customer),
                amount_fen: fen,
                remark: String::new(),
            }),
            Ask::Transfer {
                number,
                customer,
                fen,
                code,
            } => Request::Transfer(TransferToCashRequest {
                idempotency_key: number.to_string(),
                account_number: self.card(&mobile(customer))?,
                payment_code: digits(&self.presented(&mobile(customer), code)),
                mobile_number: mobile(customer),
                amount_fen: fen,
                ..TransferToCashRequest::default()
            }),
            Ask::FindOpening { number } => Request::FindOpening(FindOpeningRequest {
                idempotency_key: number.to_string(),
            }),
            Ask::Unlock { number, customer } => Request::Unlock(UnlockPaymentCodeRequest {
                idempotency_key: number.to_string(),
                mobile_number: mobile(customer),
                reason: "asked to".to_owned(),
                ..UnlockPaymentCodeRequest::default()
            }),
            Ask::Freeze {
                number,
                customer,
                frozen,
            } => self.freeze(number, customer, frozen)?,
            Ask::OperatorReverse { number, serial } => Request::OperatorReverse(OperatorReverseRequest {
                idempotency_key: number.to_string(),
                order_number: self.payment_number(serial)?,
                reason: "asked to".to_owned(),
                key: None,
            }),
            Ask::Open { .. } | Ask::SetCode { .. } | Ask::ResetCode { .. } => {
                return Some(self.request_with_sms(ask, server).await);
            }
        })
    }

    fn freeze(&self, number: u32, customer: u8, frozen: bool) -> Option<Request> {
        let of = mobile(customer);
        let account_number =
            self.account(|request| matches!(request, Request::TopUp(m) if m.mobile_number == of))?;
        let (idempotency_key, reason) = (number.to_string(), "asked to".to_owned());
        Some(if frozen {
            Request::Freeze(FreezeAccountRequest {
                idempotency_key,
                account_number,
                reason,
            })
        } else {
            Request::Unfreeze(UnfreezeAccountRequest {
                idempotency_key,
                account_number,
                reason,
            })
        })
    }

    /// The same of what an SMS code proves.
    async fn request_with_sms(&self, ask: &Ask, server: usize) -> Request {
        match *ask {
            Ask::Open {
                number,
                customer,
                discount,
                sms,
            } => Request::Open(OpenCardRequest {
                idempotency_key: number.to_string(),
                id_number: ID_NUMBER.to_owned(),
                name: "王小明".to_owned(),
                sms_code: self.sms(&mobile(customer), number, sms, server).await,
                mobile_number: mobile(customer),
                product_id: if discount { "2610" } else { "1010" }.to_owned(),
                ..OpenCardRequest::default()
            }),
            Ask::SetCode {
                number,
                customer,
                sms,
            } => Request::SetCode(SetPaymentCodeRequest {
                idempotency_key: number.to_string(),
                sms_code: self.sms(&mobile(customer), number, sms, server).await,
                mobile_number: mobile(customer),
                payment_code: digits(&code_under(&number.to_string())),
            }),
            Ask::ResetCode {
                number,
                customer,
                sms,
            } => Request::ResetCode(ResetPaymentCodeRequest {
                idempotency_key: number.to_string(),
                sms_code: self.sms(&mobile(customer), number, sms, server).await,
                mobile_number: mobile(customer),
                id_number: ID_NUMBER.to_owned(),
                payment_code: digits(&code_under(&number.to_string())),
            }),
            _ => unreachable!("no other request has an SMS code"),
        }
    }
}

/// The request as this step's client sends it.
fn signed(step: &Step, request: Request) -> (Request, Option<Proof>) {
    let proof = (step.signs && request.is_signed()).then_some(Proof(step.number));
    (request, proof)
}

/// The payment code that an order of this number sets.
fn code_under(number: &str) -> String {
    format!("{number:0>6}")
}
