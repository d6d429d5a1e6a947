// Makes a message carriable that was filled with texts from anywhere. Inside common/rpc only.
#pragma once

#include <google/protobuf/message.h>

namespace shardkeeper::rpc {

// Every string in `message` and in the messages inside it becomes valid UTF-8 of at most 64 KiB. By reflection: for the admin
// service's messages, a few a second at most.
void clean(google::protobuf::Message& message);

}  // namespace shardkeeper::rpc
