#!/usr/bin/env bash
# Builds what the tests of deploy/ need of Kubernetes into .tools/kubernetes: helm, kube-apiserver and promtool. Needs Go 1.22 or newer
# and the module proxy that Go is set to; etcd comes from the system's packages. What is there already stays. About six
# minutes of two cores and 3 GB of Go's cache the first time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

kubernetes=1.31.4
helm=3.16.4
prometheus=0.55.1
bin=$PWD/.tools/kubernetes

# The modules that k8s.io/kubernetes keeps in its own repository, under staging/.
staging='api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap
  code-generator component-base component-helpers controller-manager cri-api cri-client csi-translation-lib
  dynamic-resource-allocation endpointslice kms kube-aggregator kube-controller-manager kube-proxy kube-scheduler kubectl
  kubelet metrics mount-utils pod-security-admission sample-apiserver sample-cli-plugin sample-controller'

command -v go >/dev/null || { echo 'bring-kubernetes: there is no Go on the PATH.' >&2; exit 1; }
mkdir -p "$bin"

[ -x "$bin/helm" ] || GOBIN="$bin" nice -n 15 go install -p "${JOBS:-2}" "helm.sh/helm/v3/cmd/helm@v$helm"
[ -x "$bin/promtool" ] || GOBIN="$bin" nice -n 15 go install -p "${JOBS:-2}" "github.com/prometheus/prometheus/cmd/promtool@v$prometheus"

if [ ! -x "$bin/kube-apiserver" ]; then
  module=$(mktemp -d)
  trap 'rm -rf "$module"' EXIT
  {
    echo 'module kube'
    echo 'go 1.22.0'
    echo "require k8s.io/kubernetes v$kubernetes"
    for each in $staging; do echo "replace k8s.io/$each => k8s.io/$each v0.${kubernetes#1.}"; done
  } >"$module/go.mod"
  version=k8s.io/component-base/version
  (
    cd "$module"
    nice -n 15 go build -mod=mod -p "${JOBS:-2}" -o "$bin/kube-apiserver" \
      -ldflags "-s -w -X $version.gitVersion=v$kubernetes -X $version.gitMajor=1 -X $version.gitMinor=31" \
      k8s.io/kubernetes/cmd/kube-apiserver
  )
fi
