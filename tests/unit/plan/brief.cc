#include "tests/unit/plan/brief.h"

#include <cctype>

namespace shardkeeper::test {

std::string brief(const model::Step& step) {
  model::Step bare = step;
  bare.detail.clear();
  return to_string(bare);
}

std::string brief(const model::Finding& finding) { return "hold " + finding.subject + ": " + std::string(to_string(finding.reason)); }

std::string brief(const std::vector<model::Step>& steps, const std::vector<model::Finding>& findings) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  for (const auto& step : steps) add(brief(step));
  for (const auto& finding : findings) add(brief(finding));
  return text;
}

plan::Verdict run(plan::Check check, const ClusterBuilder& world, model::History& history, const plan::Claims& claimed) {
  const auto snapshot = world.snapshot();
  const model::History before = history;
  const plan::World indexed(snapshot, before);
  return check(indexed, claimed, history);
}

std::string said(plan::Check check, const ClusterBuilder& world, const plan::Claims& claimed) {
  model::History history = world.history();
  const auto verdict = run(check, world, history, claimed);
  return brief(verdict.steps, verdict.findings);
}

std::string test_name(const std::string& sentence) {
  std::string name;
  for (const char c : sentence) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      name += c;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name;
}

}  // namespace shardkeeper::test
