// What a check said, short enough for a table: steps without the sentence behind them, then findings without theirs.
#pragma once

#include "coordinator/plan/checks/checks.h"
#include "tests/unit/plan/cluster_builder.h"

#include <ostream>
#include <string>

namespace shardkeeper::test {

// "promote vk-0-1 shard=0 mode=force because=ProcessDead"
std::string brief(const model::Step& step);
// "hold shard 0: NoCandidate"
std::string brief(const model::Finding& finding);
// All of them, separated by "; ". "" for nothing.
std::string brief(const std::vector<model::Step>& steps, const std::vector<model::Finding>& findings);

// One check alone on a world; what the planner's earlier checks would have claimed is `claimed`.
plan::Verdict run(plan::Check check, const ClusterBuilder& world, model::History& history, const plan::Claims& claimed = {});
std::string said(plan::Check check, const ClusterBuilder& world, const plan::Claims& claimed = {});

// A row of a table: a sentence, a world, what the check says.
struct CheckCase {
  std::string says;
  ClusterBuilder world;
  std::string expect;
};
inline void PrintTo(const CheckCase& row, std::ostream* out) { *out << row.says; }

// "a dead primary is replaced" → "a_dead_primary_is_replaced", for names of parameterised tests.
std::string test_name(const std::string& sentence);

// The last argument of INSTANTIATE_TEST_SUITE_P. For any kind of info, because the benchmarks use this header without GoogleTest.
inline constexpr auto name_of = [](const auto& info) { return test_name(info.param.says); };

}  // namespace shardkeeper::test
