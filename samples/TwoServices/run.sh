#!/usr/bin/env bash
# The topology of compose.yaml as plain processes on loopback: a control plane, orders v1 and v2, and web, which calls
# orders over HTTP and gRPC. Every port is a free one, so any number of these can run side by side.
#
#   samples/TwoServices/run.sh [--no-build] [--configuration Debug|Release] [--requests 200]
#
# Ends by itself: 0 when every request was answered, both versions answered both ways, and all four processes ended in order.
set -euo pipefail

requests=200
configuration=Debug
build=true
while (($# > 0)); do
  case $1 in
    --no-build) build=false; shift ;;
    --configuration) configuration=${2:?--configuration needs a value}; shift 2 ;;
    --requests) requests=${2:?--requests needs a value}; shift 2 ;;
    *) echo "unknown argument '$1'; see the head of $0" >&2; exit 2 ;;
  esac
done

sample=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(cd "$sample/../../src" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/two-services.XXXXXX")
pids=()

# Ends what this script has started, and nothing else.
finish() {
  local code=$?
  trap - EXIT
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  if ((code != 0)); then
    for log in "$folder"/*.log; do [[ -f $log ]] && { echo "--- ${log##*/}"; tail -n 40 "$log"; } >&2; done
  fi
  rm -rf "$folder"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start <name> <program> <arguments...>: in the background, with its output in <name>.log.
start() {
  local name=$1 program=$2
  shift 2
  [[ -f $program ]] || { echo "$program is missing; leave out --no-build" >&2; exit 1; }
  : >"$folder/$name.log" # so that wait_for finds it, however late the process starts
  dotnet "$program" "$@" >>"$folder/$name.log" 2>&1 &
  pids+=($!)
}

# wait_for <name> <expression>: prints the part of <name>.log in the expression's parentheses, once it is there.
wait_for() {
  local name=$1 expression=$2 found attempt
  for ((attempt = 0; attempt < 300; attempt++)); do
    found=$(sed -nE "s#.*$expression.*#\1#p" "$folder/$name.log" | head -n 1)
    [[ -n $found ]] && { echo "$found"; return; }
    sleep 0.1
  done
  echo "$name did not say '$expression' within 30 s" >&2
  return 1
}

if $build; then
  for project in "$source/ProxylessMesh.Cli" "$sample/Orders" "$sample/Web"; do
    dotnet build "$project" --configuration "$configuration" --verbosity quiet --nologo
  done
fi

output=bin/$configuration/net10.0

# 1. Both versions of orders.
for version in v1 v2; do
  start "orders-$version" "$sample/Orders/$output/Orders.dll" --Orders:Version "$version" --Orders:HttpPort 0 --Orders:GrpcPort 0
done
v1_http=$(wait_for orders-v1 'http=([0-9]+)')
v1_grpc=$(wait_for orders-v1 'grpc=([0-9]+)')
v2_http=$(wait_for orders-v2 'http=([0-9]+)')
v2_grpc=$(wait_for orders-v2 'grpc=([0-9]+)')

# 2. The control plane, with the same mesh.yaml but for the addresses.
sed -e "s/address: orders-v1, ports: { http: 8080, grpc: 9090 }/address: 127.0.0.1, ports: { http: $v1_http, grpc: $v1_grpc }/" \
    -e "s/address: orders-v2, ports: { http: 8080, grpc: 9090 }/address: 127.0.0.1, ports: { http: $v2_http, grpc: $v2_grpc }/" \
    "$sample/mesh.yaml" >"$folder/mesh.yaml"
start control-plane "$source/ProxylessMesh.Cli/$output/ProxylessMesh.Cli.dll" serve --config "$folder/mesh.yaml" --listen 127.0.0.1:0
control_plane=$(wait_for control-plane 'listening on http://([0-9.:]+)')

# 3. Web, whose bootstrap names the control plane.
sed -e "s/control-plane:15010/$control_plane/" "$sample/bootstrap.json" >"$folder/bootstrap.json"
GRPC_XDS_BOOTSTRAP="$folder/bootstrap.json" start web "$sample/Web/$output/Web.dll" --urls http://127.0.0.1:0
web=$(wait_for web 'Now listening on: http://([0-9.:]+)')
curl --silent --show-error --fail --retry 30 --retry-delay 1 --retry-all-errors --max-time 30 --output /dev/null "http://$web/healthz"

echo "orders v1      127.0.0.1:$v1_http (HTTP), 127.0.0.1:$v1_grpc (gRPC)"
echo "orders v2      127.0.0.1:$v2_http (HTTP), 127.0.0.1:$v2_grpc (gRPC)"
echo "control plane  $control_plane"
echo "web            $web"
echo

# 4. Requests, and who answered them.
curl --silent --max-time 60 --fail "http://$web/?request=[1-$requests]" >"$folder/answers" || true
for call in http grpc; do
  for version in v1 v2; do
    count=$(grep -c "$call=$version\b" "$folder/answers" || true)
    printf '%-5s %s  %4d answers  %3d %%\n' "$call" "$version" "$count" $(((100 * count + requests / 2) / requests))
    ((count > 0)) || { echo "orders $version answered nothing over $call" >&2; exit 1; }
  done
done
answered=$(grep -c '^http=v[12] grpc=v[12]$' "$folder/answers" || true)
echo "failed requests: $((requests - answered)) of $requests"
((answered == requests)) || exit 1

# 5. All processes end in order when they are asked to.
kill -TERM "${pids[@]}"
for pid in "${pids[@]}"; do wait "$pid"; done
pids=()
echo "all processes ended in order"
