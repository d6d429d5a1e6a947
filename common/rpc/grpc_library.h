// Settings of gRPC that every server and channel here shares. Inside common/rpc only.
#pragma once

#include "common/tls/identity.h"

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/time.h>

#include <chrono>
#include <memory>
#include <string>

namespace shardkeeper::rpc {

// Sends gRPC's and Protobuf's own log to ours at level debug: what matters comes back as a status and is logged by whoever handles it. No search
// for deadlocks in gRPC's locks.
// Call before the first use of gRPC in each server and client; only the first call does anything. THREAD any.
void set_up_grpc();

// Both sides show a certificate, and check that the other's is of the same CA.
std::shared_ptr<grpc::ServerCredentials> server_credentials(const tls::Identity& identity);
std::shared_ptr<grpc::ChannelCredentials> channel_credentials(const tls::Identity& identity);

// Message sizes, no port sharing, little memory, short handshakes.
void limit_server(grpc::ServerBuilder& builder, int request_bytes_max);

// No proxy, no retries behind our back, no name resolution, connections not shared with other channels.
grpc::ChannelArguments channel_arguments();

// "ipv4:127.0.0.1:9780": gRPC's name of an ip:port, which asks no DNS.
std::string target_of(const std::string& address);

// From now, by the monotonic clock.
gpr_timespec deadline_after(std::chrono::milliseconds duration);

}  // namespace shardkeeper::rpc
