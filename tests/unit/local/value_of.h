// The value of a Result in a test. (GoogleTest cannot print a Result: EXPECT_EQ on one does not compile.)
#pragma once

#include "common/error/result.h"

#include <gtest/gtest.h>

namespace shardkeeper::test {

// The value; where there is none, the test fails with the error and gets an empty value.
template <typename T>
T value_of(const Result<T>& result) {
  EXPECT_TRUE(result.has_value()) << to_string(result.error());
  return result ? *result : T{};
}

}  // namespace shardkeeper::test
