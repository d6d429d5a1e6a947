// Any bytes in any pieces: events or an error, the same however they are cut, and nothing longer than allowed.
#include "coordinator/platform/kube/client/error_map.h"
#include "coordinator/platform/kube/client/object_cache.h"
#include "coordinator/platform/kube/client/watch_events.h"
#include "tests/fuzz/check.h"

#include <boost/json.hpp>

#include <vector>

namespace {

using namespace shardkeeper;
using namespace shardkeeper::platform::kube;

constexpr std::size_t kEventBytesMax = 4096;

struct Outcome {
  std::vector<WatchEvent> events;
  bool is_good = true;
};

Outcome feed(std::string_view text, std::size_t piece) {
  WatchEvents events(kEventBytesMax);
  Outcome outcome;
  for (std::size_t at = 0; at < text.size() && outcome.is_good; at += piece) {
    const auto fed = events.feed(text.substr(at, piece), [&](WatchEvent event) {
      outcome.events.push_back(std::move(event));
      return true;
    });
    if (!fed) fuzz::check_error(fed.error());
    outcome.is_good = fed.has_value();
  }
  return outcome;
}

void apply(Outcome outcome) {
  ObjectCache cache;
  for (auto& event : outcome.events) {
    SK_CHECK(event.object.is_object(), "an event has an object");
    if (event.type == WatchEvent::Type::kBookmark || event.type == WatchEvent::Type::kError) continue;
    const auto before = cache.objects().size();
    int told = 0;
    const auto applied = cache.apply(std::move(event), [&](const Change& change) {
      ++told;
      SK_CHECK(!change.name.name.empty() && !version_of(change.object).empty(), "what is told has a name and a version");
      SK_CHECK((cache.find(change.name) == nullptr) == (change.type == Change::Type::kDeleted), "the cache has it unless it is deleted");
      return true;
    });
    SK_CHECK(told == (applied ? 1 : 0), "every event is told once");
    if (!applied) SK_CHECK(cache.objects().size() == before, "a bad event changes nothing");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  const auto whole = feed(text, std::max<std::size_t>(size, 1));
  const auto cut = feed(text, 1 + size % 7);
  SK_CHECK(whole.is_good == cut.is_good && whole.events == cut.events, "cuts change nothing");
  apply(whole);
  // The same bytes as a refusal.
  const auto words = words_of(text);
  SK_CHECK(!words.empty() && words.size() <= 300, "words are short");
  SK_CHECK(std::ranges::all_of(words, [](char c) { return c >= ' ' && c <= '~'; }), "words are printable");
  return 0;
}
