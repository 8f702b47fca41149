#!/usr/bin/env bash
# Brings what the tests of deploy/ need into .tools/kubernetes: helm, kube-apiserver,
# kube-controller-manager, kube-scheduler and kwok, built by Go 1.22 or newer, definitions of
# resources out of their Go modules, and etcd and promtool out of Debian's packages, which are
# unpacked and not installed. What is there already stays, and so does what Go has compiled when
# this is ended too early. From nothing, all takes minutes and 4.6 GB of the cache of Go.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

kubernetes=1.31.4
helm=3.16.4
kwok=0.6.1
bin=$PWD/.tools/kubernetes

# The modules that k8s.io/kubernetes keeps in its own repository, under staging/.
staging='api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap
  code-generator component-base component-helpers controller-manager cri-api cri-client csi-translation-lib
  dynamic-resource-allocation endpointslice kms kube-aggregator kube-controller-manager kube-proxy kube-scheduler kubectl
  kubelet metrics mount-utils pod-security-admission sample-apiserver sample-cli-plugin sample-controller'

mkdir -p "$bin"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

unpack() { # package, program
  [ ! -x "$bin/${2##*/}" ] || return 0
  (cd "$work" && apt-get download -qq "$1" && dpkg -x "$1"_*.deb "$1")
  cp "$work/$1/$2" "$bin/"
}

if command -v apt-get >/dev/null; then
  unpack etcd-server usr/bin/etcd
  unpack prometheus usr/bin/promtool
fi

command -v go >/dev/null || { echo 'bring-kubernetes: there is no Go on the PATH.' >&2; exit 1; }
export GOFLAGS="-p=${JOBS:-2} ${GOFLAGS:-}"

# The definitions of what the chart makes for other operators, out of their own modules.
crds=$bin/crds
if [ ! -d "$crds" ]; then
  mkdir "$work/crds"
  take() { # module, version, file
    cp "$(cd "$work" && go mod download -json "$1@$2" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')/$3" "$work/crds/"
  }
  operator=github.com/prometheus-operator/prometheus-operator
  take sigs.k8s.io/gateway-api v1.2.1 config/crd/standard/gateway.networking.k8s.io_httproutes.yaml
  take github.com/kedacore/keda/v2 v2.16.1 config/crd/bases/keda.sh_scaledobjects.yaml
  for each in servicemonitors podmonitors prometheusrules; do
    take $operator v0.79.2 example/prometheus-operator-crd/monitoring.coreos.com_$each.yaml
  done
  take github.com/external-secrets/external-secrets v0.17.0 config/crds/bases/external-secrets.io_externalsecrets.yaml
  mv "$work/crds" "$crds"
fi

[ -x "$bin/helm" ] || GOBIN="$bin" nice -n 15 go install "helm.sh/helm/v3/cmd/helm@v$helm"

# All out of one module, so that they share what Go has compiled.
programs='kube-apiserver kube-controller-manager kube-scheduler'
missing=$(for each in $programs; do [ -x "$bin/$each" ] || echo "$each"; done)
if [ -n "$missing" ]; then
  mkdir "$work/kube"
  {
    echo 'module kube'
    echo 'go 1.22.0'
    echo "require k8s.io/kubernetes v$kubernetes"
    for each in $staging; do echo "replace k8s.io/$each => k8s.io/$each v0.${kubernetes#1.}"; done
  } >"$work/kube/go.mod"
  version=k8s.io/component-base/version
  for each in $missing; do
    nice -n 15 go build -C "$work/kube" -mod=mod -o "$bin/$each" \
      -ldflags "-s -w -X $version.gitVersion=v$kubernetes -X $version.gitMajor=1 -X $version.gitMinor=31" \
      "k8s.io/kubernetes/cmd/$each"
  done
fi

[ -x "$bin/kwok" ] || GOBIN="$bin" nice -n 15 go install "sigs.k8s.io/kwok/cmd/kwok@v$kwok"
