#!/usr/bin/env bash
# A payment of the documented contract, signed by hand: nothing but openssl and curl.
#
#   usage: signed-pay.sh URL PRIVATE_KEY.pem [SERIAL]
#   example: signed-pay.sh http://127.0.0.1:8080 app.pem 000001
#
# It plays the app `zjhtwallet` of docs/provisioning.example.toml at the terminal ZJ000001. Set MOBILE,
# PIN, SUM, APP_ID, APP_KEY, POSP_KEY, SELLER, STORE, TERMINAL, BATCH to play another. With URL "-" the
# request is printed instead of sent. Ends with 0 if it was paid, else with 1: refused, or no answer.
set -euo pipefail
export LC_ALL=C # byte order: the values below are ASCII, where it equals the contract's UTF-16 order

url=${1:?usage: signed-pay.sh URL PRIVATE_KEY.pem [SERIAL]}
private_key=${2:?usage: signed-pay.sh URL PRIVATE_KEY.pem [SERIAL]}
serial=${3:-000001}
mobile=${MOBILE:-13912345678} pin=${PIN:-246810} sum=${SUM:-5000}
app_id=${APP_ID:-zjhtwallet} app_key=${APP_KEY:-'Wq7!x2@b9#d4%z8Rm3Np6Hs1'}
posp_key=${POSP_KEY:-0123456789ABCDEFFEDCBA9876543210}
seller=${SELLER:-SH12345} store=${STORE:-ST12345} terminal=${TERMINAL:-ZJ000001} batch=${BATCH:-20261121}
time_stamp=$(date +%s) nonce=$(openssl rand -hex 8)

# Sorts the arguments, leaves out the empty ones, joins them without separator.
join_sorted() { printf '%s\n' "$@" | sed '/^[[:space:]]*$/d' | sort | tr -d '\n'; }
md5() { openssl dgst -md5 -r | cut -d' ' -f1; }

# paymentCodeDES: the PIN block 06 PIN FF…, XOR the mobile number without its last digit (16 digits with
# leading zeroes), then two-key 3DES under the network's key, without padding.
pin_block() {
    local block="06${pin}FFFFFFFF" account i
    account=$(printf '%016d' "$((10#${mobile%?}))")
    for ((i = 0; i < 16; i++)); do printf '%X' $((16#${block:i:1} ^ 16#${account:i:1})); done
}
from_hex() { printf '%b' "$(sed 's/../\\x&/g')"; }
to_hex() { od -An -tx1 -v | tr -d ' \n' | tr a-f A-F; }
payment_code=$(pin_block | from_hex | openssl enc -des-ede -K "$posp_key" -nopad | to_hex)

# app.signature: MD5 over the sorted values of appId, appKey, nonce, timeStamp.
app_signature=$(join_sorted "$app_id" "$app_key" "$nonce" "$time_stamp" | md5)
# orderMD5: MD5 over the sorted values of the order, as they stand in the JSON.
order_md5=$(join_sorted "$mobile" "$payment_code" "$sum" "$seller" "$store" "$terminal" zhangsan "$batch" "$serial" | md5)
# tsig.signature: RSA over the sorted values of orderMD5, appId, timeStamp, nonce.
signature=$(join_sorted "$order_md5" "$app_id" "$time_stamp" "$nonce" | openssl dgst -sha1 -sign "$private_key" | base64 -w0)

body=$(cat <<JSON
{"app":{"appId":"$app_id","timeStamp":"$time_stamp","nonce":"$nonce","signature":"$app_signature"},
"order":{"consumerId":"$mobile","paymentCodeDES":"$payment_code","sum":$sum,"sellerId":"$seller","storeId":"$store",
"terminalId":"$terminal","operatorId":"zhangsan","batchNo":"$batch","terminalOrderId":"$serial"},
"tsig":{"orderMD5":"$order_md5","signature":"$signature","timeStamp":"$time_stamp","nonce":"$nonce"}}
JSON
)
if [ "$url" = - ]; then
    printf '%s\n' "$body"
else
    answer=$(curl -sS --max-time 20 -H 'Content-Type: application/json' --data-binary "$body" "$url/gw/offline/pay") || {
        echo "no answer: whether it was paid is unknown; ask again under the same serial" >&2
        exit 1
    }
    printf '%s\n' "$answer"
    case $answer in
    '{"errcode":0,'*) ;;
    *) echo "refused: errcode is not 0" >&2; exit 1 ;;
    esac
fi
