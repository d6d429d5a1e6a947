// Story-like scripts of the planner: what happened, one command a line, then `decide`, `----` and what it said. With `run` instead of
// `decide` everything that it says is done at once, pass after pass, until nothing is left to do; the answer has a line for each step.
#pragma once

#include "common/error/result.h"

#include <string>

namespace shardkeeper::test {

// Runs a script and RETURNS it with the planner's present answers. Comments (#) and commands stay as they are.
// ERRORS kInvalid, naming the line: a command that does not exist.
Result<std::string> retold(const std::string& script);

}  // namespace shardkeeper::test
