#include "tests/support/tls_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <openssl/pem.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <memory>

namespace shardkeeper::test {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;

std::string pem_of(X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), &BIO_free_all);
  PEM_write_bio_X509(out.get(), certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

TlsAnswer exchange(const std::string& ip, std::uint16_t port, const tls::Identity& identity, bool shows_certificate,
                   const std::string& request) {
  asio::io_context loop;
  ssl::context context(ssl::context::tls_client);
  context.set_verify_mode(ssl::verify_peer);
  context.add_certificate_authority(asio::buffer(identity.ca_pem));
  if (shows_certificate) {
    context.use_certificate_chain(asio::buffer(identity.certificate_pem));
    context.use_private_key(asio::buffer(identity.key_pem), ssl::context::pem);
  }
  ssl::stream<tcp::socket> stream(loop, context);
  stream.next_layer().connect({asio::ip::make_address(ip), port});
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(stream.next_layer().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  stream.handshake(ssl::stream_base::client);
  TlsAnswer answer;
  const std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(stream.native_handle()), &X509_free);
  answer.certificate_pem = pem_of(peer.get());
  asio::write(stream, asio::buffer(request));
  answer.text.resize(4096);
  answer.text.resize(stream.read_some(asio::buffer(answer.text)));
  return answer;
}

}  // namespace

Result<TlsAnswer> tls_exchange(const std::string& ip, std::uint16_t port, const tls::Identity& identity, bool shows_certificate,
                               const std::string& request) {
  try {
    return exchange(ip, port, identity, shows_certificate, request);
  } catch (const boost::system::system_error& error) { return unavailable(ip + ":" + std::to_string(port), error.what()); }
}

}  // namespace shardkeeper::test
