#include "common/rpc/grpc_library.h"

#include "common/log/log.h"
#include "common/rpc/convert/limits.h"
#include "common/tls/idle_buffers.h"

#include <absl/synchronization/mutex.h>
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <grpcpp/resource_quota.h>

namespace shardkeeper::rpc {
namespace {

// An agent of 16 MiB may not be blown up by whoever reaches its port: messages, handshakes and read buffers count.
constexpr std::size_t kServerMemoryMax = 64 * 1024 * 1024;
constexpr int kStreamsPerConnectionMax = 100;
constexpr int kHandshakeMsMax = 5000;  // garbage and silent connections are closed after that
constexpr int kConnectMsMax = 3000;    // TCP and TLS, on a worker that is busy too
// Of each connection, kept for good; a beat has 100 bytes and a state a few KiB.
constexpr int kTlsFrameBytes = 4096;   // gRPC's own: 16 KiB
constexpr int kReadChunkBytes = 1024;  // to begin with; gRPC's own: 8 KiB

void log_line(gpr_log_func_args* line) {
  log::debug("grpc", {{"text", line->message}, {"file", line->file}, {"severity", gpr_log_severity_string(line->severity)}});
}

void log_protobuf(google::protobuf::LogLevel, const char* file, int, const std::string& text) {
  log::debug("protobuf", {{"text", text}, {"file", file}});
}

}  // namespace

void set_up_grpc() {
  static const bool is_set = [] {
    tls::release_idle_buffers();
    gpr_set_log_function(log_line);
    google::protobuf::SetLogHandler(log_protobuf);
    // Debian builds Abseil for debugging: looking for deadlocks was 3 % of the processor time of a coordinator with 600 agents.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    return true;
  }();
  static_cast<void>(is_set);
}

std::shared_ptr<grpc::ServerCredentials> server_credentials(const tls::Identity& identity) {
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = identity.ca_pem;
  options.pem_key_cert_pairs.push_back({identity.key_pem, identity.certificate_pem});
  return grpc::SslServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> channel_credentials(const tls::Identity& identity) {
  return grpc::SslCredentials(
      {.pem_root_certs = identity.ca_pem, .pem_private_key = identity.key_pem, .pem_cert_chain = identity.certificate_pem});
}

void limit_server(grpc::ServerBuilder& builder, int request_bytes_max) {
  builder.SetMaxReceiveMessageSize(request_bytes_max);
  builder.SetResourceQuota(grpc::ResourceQuota("server").Resize(kServerMemoryMax));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // else a second server would get half of the connections
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnectionMax);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMsMax);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // pings that only pay off for bulk transfers
}

grpc::ChannelArguments channel_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(convert::kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_TSI_MAX_FRAME_SIZE, kTlsFrameBytes);
  arguments.SetInt(GRPC_ARG_TCP_READ_CHUNK_SIZE, kReadChunkBytes);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMsMax);  // despite its name: the time for one attempt
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);        // the least that gRPC takes
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return arguments;
}

std::string target_of(const std::string& address) {
  const bool is_ipv6 = address.starts_with('[');
  return (is_ipv6 ? "ipv6:" : "ipv4:") + address;
}

gpr_timespec deadline_after(std::chrono::milliseconds duration) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(duration.count(), GPR_TIMESPAN));
}

}  // namespace shardkeeper::rpc
