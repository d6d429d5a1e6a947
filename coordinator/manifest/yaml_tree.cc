#include "coordinator/manifest/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

namespace shardkeeper::manifest {
namespace {

// Leaves yaml-cpp's parser; caught in read_yaml and nowhere else.
struct Refused {
  int line;
  std::string reason;
};

int line_of(const YAML::Mark& mark) { return mark.is_null() ? 0 : mark.line + 1; }

std::size_t count_values(const Yaml& value) {
  std::size_t count = 1;
  for (const Yaml& item : value.items) count += count_values(item);
  for (const auto& entry : value.entries) count += count_values(entry.value);
  return count;
}

int depth_of(const Yaml& value) {
  int deepest = 0;
  for (const Yaml& item : value.items) deepest = std::max(deepest, depth_of(item));
  for (const auto& entry : value.entries) deepest = std::max(deepest, depth_of(entry.value));
  return deepest + 1;
}

// Builds one document from the parser's events. An anchor can be used once its value is complete, so no tree holds itself.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::size_t& values_left) : values_left_(values_left) {}

  Yaml take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    spend(1, mark);
    Yaml value;
    value.line = line_of(mark);
    add(std::move(value), anchor, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& text) override {
    spend(1, mark);
    Yaml value;
    value.kind = Yaml::Kind::kScalar;
    value.line = line_of(mark);
    value.column = mark.column + 1;
    value.text = text;
    value.is_quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    add(std::move(value), anchor, mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = anchors_.find(anchor);
    if (named == anchors_.end()) throw Refused{line_of(mark), "an alias stands inside the value that it names"};
    spend(count_values(named->second), mark);
    if (static_cast<int>(open_.size()) + depth_of(named->second) > kYamlDepthMax) throw too_deep(mark);
    add(Yaml(named->second), YAML::NullAnchor, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Yaml::Kind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(Yaml::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  // A list or map whose end has not come yet; `key` of a map waits for its value.
  struct Open {
    Yaml value;
    YAML::anchor_t anchor;
    bool has_key = false;
    Yaml::Entry next = {};
  };

  static Refused too_deep(const YAML::Mark& mark) {
    return {line_of(mark), "is nested deeper than " + std::to_string(kYamlDepthMax) + " levels"};
  }

  void spend(std::size_t values, const YAML::Mark& mark) {
    if (values > values_left_)
      throw Refused{line_of(mark), "holds more than " + std::to_string(kYamlValuesMax) + " values (aliases count as copies)"};
    values_left_ -= values;
  }

  void open(Yaml::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    spend(1, mark);
    if (static_cast<int>(open_.size()) >= kYamlDepthMax) throw too_deep(mark);
    Open opened{.value = {}, .anchor = anchor};
    opened.value.kind = kind;
    opened.value.line = line_of(mark);
    open_.push_back(std::move(opened));
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    add(std::move(closed.value), closed.anchor, YAML::Mark::null_mark());
  }

  void add(Yaml value, YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (anchor != YAML::NullAnchor) {
      // What is kept for aliases is a copy of its own, and counts.
      spend(count_values(value), mark);
      anchors_[anchor] = value;
    }
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().value.kind == Yaml::Kind::kList) {
      open_.back().value.items.push_back(std::move(value));
    } else {
      add_to_map(open_.back(), std::move(value));
    }
  }

  static void add_to_map(Open& map, Yaml value) {
    if (map.has_key) {
      // Where nothing stands, the parser names the place where the next thing begins.
      if (value.kind == Yaml::Kind::kNull) value.line = map.next.line;
      map.next.value = std::move(value);
      map.value.entries.push_back(std::move(map.next));
      map.next = {};
      map.has_key = false;
      return;
    }
    if (value.kind != Yaml::Kind::kScalar) throw Refused{value.line, "a key must be a word, not a list, a map or nothing"};
    map.next.key = std::move(value.text);
    map.next.line = value.line;
    map.next.column = value.column;
    map.has_key = true;
  }

  std::size_t& values_left_;
  Yaml root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Yaml> anchors_;
};

}  // namespace

const Yaml* Yaml::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

YamlDocuments read_yaml(std::string_view text) {
  YamlDocuments read;
  std::size_t values_left = kYamlValuesMax;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    for (;;) {
      TreeBuilder builder(values_left);
      if (!parser.HandleNextDocument(builder)) break;
      Yaml document = builder.take();
      if (document.kind != Yaml::Kind::kNull) read.documents.push_back(std::move(document));
    }
  } catch (const Refused& trouble) { read.errors.push_back({trouble.line, trouble.reason}); } catch (const YAML::Exception& trouble) {
    read.errors.push_back({line_of(trouble.mark), "is not YAML: " + trouble.msg});
  }
  return read;
}

}  // namespace shardkeeper::manifest
