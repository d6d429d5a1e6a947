// Errors and gRPC statuses, both ways. An error that our own code answers carries a mark in the status's details; a status
// without it was made by gRPC itself, and for the same code means something else.
#pragma once

#include "common/error/result.h"

#include <grpcpp/support/status.h>

#include <string>

namespace shardkeeper::rpc {

// Marked. Texts are cut to 2 KiB, since gRPC carries them in headers of at most 8 KiB.
grpc::Status to_status(const Error& error);
// Unmarked, so that a client never takes it for the answer of a command: the call was not begun.
grpc::Status not_permitted(const Error& error);

// Whether a call may have had an effect when its answer was lost.
enum class Effect { kNone, kPossible };

// REQUIRES !status.ok(). RETURNS what it means for the caller; `where` names the other side and is used where the status does
// not bring its own. A deadline that passed is kUnknownOutcome; so is a lost connection where an effect is possible.
Error from_status(const grpc::Status& status, const std::string& where, Effect effect);

}  // namespace shardkeeper::rpc
