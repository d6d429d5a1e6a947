#include "common/rpc/clean_message.h"

#include "common/rpc/utf8.h"

#include <google/protobuf/descriptor.h>

#include <vector>

namespace shardkeeper::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::size_t kTextBytesMax = 64 * 1024;

void clean_strings(Message& message, const FieldDescriptor* field) {
  const auto& reflection = *message.GetReflection();
  if (!field->is_repeated()) return reflection.SetString(&message, field, to_utf8(reflection.GetString(message, field), kTextBytesMax));
  for (int i = 0; i < reflection.FieldSize(message, field); ++i)
    reflection.SetRepeatedString(&message, field, i, to_utf8(reflection.GetRepeatedString(message, field, i), kTextBytesMax));
}

void clean_messages(Message& message, const FieldDescriptor* field) {
  const auto& reflection = *message.GetReflection();
  if (!field->is_repeated()) return clean(*reflection.MutableMessage(&message, field));
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) clean(*reflection.MutableRepeatedMessage(&message, field, i));
}

}  // namespace

void clean(Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) clean_strings(message, field);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) clean_messages(message, field);
  }
}

}  // namespace shardkeeper::rpc
