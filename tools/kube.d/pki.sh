# shellcheck shell=bash
# Certificates, tokens and kubeconfigs of a test cluster; sourced. P-256 keys: RSA ones take seconds on a busy machine.

# make_pki IP…: the API server's addresses.
make_pki() {
  local ip names=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc
  for ip in "$@"; do names=$names,IP:$ip; done
  mkdir -p "$D/pki"; chmod 700 "$D/pki"
  (
    cd "$D/pki"
    new_key ca; new_key sa; new_key server; new_key admin
    openssl pkey -in sa.key -pubout -out sa.pub
    openssl req -x509 -new -key ca.key -out ca.crt -days 3650 -subj /CN=shardkeeper-test-ca
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$names" >server.ext
    sign server /CN=kube-apiserver
    printf 'extendedKeyUsage=clientAuth\n' >admin.ext
    sign admin /O=system:masters/CN=admin-certificate
  ) 2>"$D/log/openssl.log" || { cat "$D/log/openssl.log" >&2; die "openssl failed"; }
  # `nobody` has no rights at all: for tests of refused requests.
  printf '%s\n' 'admintoken,admin,admin,system:masters' 'nobodytoken,nobody,nobody' >"$D/pki/tokens.csv"
}

new_key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1.key"; }

sign() {   # NAME SUBJECT
  openssl req -new -key "$1.key" -out "$1.csr" -subj "$2"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -out "$1.crt" -days 3650 -extfile "$1.ext"
}

# make_kubeconfigs URL: one with a token and paths, one with a client certificate and everything inside, one without rights.
make_kubeconfigs() {
  kubeconfig "$1" "certificate-authority: $D/pki/ca.crt" "token: admintoken" >"$D/admin.conf"
  kubeconfig "$1" "certificate-authority: $D/pki/ca.crt" "token: nobodytoken" >"$D/nobody.conf"
  kubeconfig "$1" "certificate-authority-data: $(base64 -w0 "$D/pki/ca.crt")" \
    "client-certificate-data: $(base64 -w0 "$D/pki/admin.crt"), client-key-data: $(base64 -w0 "$D/pki/admin.key")" >"$D/admin-certificate.conf"
}

kubeconfig() {
  cat <<X
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "$1", $2}}]
users: [{name: user, user: {$3}}]
contexts: [{name: test, context: {cluster: test, user: user}}]
current-context: test
X
}
