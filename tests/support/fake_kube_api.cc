#include "tests/support/fake_kube_api.h"

#include <boost/json.hpp>

#include <algorithm>
#include <sstream>

namespace shardkeeper::test {
namespace {

namespace json = boost::json;

std::string text_at(const json::object& object, std::initializer_list<std::string_view> path) {
  const json::value* here = nullptr;
  const json::object* inside = &object;
  for (const auto key : path) {
    here = inside == nullptr ? nullptr : inside->if_contains(key);
    if (here == nullptr) return {};
    inside = here->if_object();
  }
  return here->is_string() ? std::string(here->as_string()) : std::string();
}

std::string decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// "a=b,c": all must hold; "c" alone asks for the label with any value.
bool matches(const json::object& object, const std::string& selector) {
  std::istringstream parts(selector);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto equals = part.find('=');
    const auto value = text_at(object, {"metadata", "labels", part.substr(0, equals)});
    if (value.empty() || (equals != std::string::npos && value != part.substr(equals + 1))) return false;
  }
  return true;
}

// Items of built-in kinds say neither apiVersion nor kind, custom ones do.
json::object as_item(json::object object) {
  if (text_at(object, {"apiVersion"}).find('.') != std::string::npos) return object;
  object.erase("apiVersion");
  object.erase("kind");
  return object;
}

// Lists are replaced, as a merge patch does it; conditions are merged by type, as the strategic one does.
void merge(json::object& into, const json::object& patch) {
  for (const auto& field : patch) {
    if (field.value().is_null()) {
      into.erase(field.key());
    } else if (field.value().is_object() && into.contains(field.key()) && into[field.key()].is_object()) {
      merge(into[field.key()].as_object(), field.value().as_object());
    } else if (field.key() == "conditions" && into.contains("conditions")) {
      auto& conditions = into["conditions"].as_array();
      for (const auto& wanted : field.value().as_array()) {
        const auto same = std::ranges::find_if(conditions, [&](const json::value& one) { return one.at("type") == wanted.at("type"); });
        if (same == conditions.end())
          conditions.push_back(wanted);
        else
          *same = wanted;
      }
    } else {
      into[field.key()] = field.value();
    }
  }
}

}  // namespace

class FakeKubeApi::Handle final : public kube::Watch {
 public:
  Handle(std::list<Watcher>& watchers, std::list<Watcher>::iterator mine, std::weak_ptr<bool> api)
      : watchers_(watchers), mine_(mine), api_(std::move(api)) {}
  ~Handle() override {
    if (const auto api = api_.lock(); api && *api) watchers_.erase(mine_);
  }

 private:
  std::list<Watcher>& watchers_;
  std::list<Watcher>::iterator mine_;
  std::weak_ptr<bool> api_;
};

FakeKubeApi::Place FakeKubeApi::place_of(const std::string& path) {
  Place place;
  const auto question = path.find('?');
  std::istringstream query(question == std::string::npos ? "" : path.substr(question + 1));
  for (std::string pair; std::getline(query, pair, '&');)
    place.query[pair.substr(0, pair.find('='))] = decoded(pair.substr(std::min(pair.size(), pair.find('=') + 1)));
  std::vector<std::string> words;
  std::istringstream parts(path.substr(1, question == std::string::npos ? question : question - 1));
  for (std::string word; std::getline(parts, word, '/');) words.push_back(word);
  std::size_t at = words[0] == "api" ? 2 : 3;  // /api/v1/… or /apis/GROUP/VERSION/…
  if (at >= words.size()) return place;        // a document, as /version
  if (at + 1 < words.size() && words[at] == "namespaces") {
    place.name.space = words[at + 1];
    at += 2;
  }
  place.plural = words[at];
  if (at + 1 < words.size()) place.name.name = words[at + 1];
  if (at + 2 < words.size()) place.subresource = words[at + 2];
  return place;
}

FakeKubeApi::FakeKubeApi(Scheduler& scheduler) : scheduler_(scheduler) {
  documents["/version"] = json::parse(R"({"gitVersion": "v1.20.2"})");
  documents["/api/v1"] =
      json::parse(R"({"resources": [{"name": "pods/eviction", "group": "policy", "version": "v1beta1", "kind": "Eviction"}]})");
  documents["/apis/policy/v1beta1"] = json::parse(R"({"resources": [{"name": "poddisruptionbudgets"}]})");
}

void FakeKubeApi::call(kube::Request request, Done done) {
  scheduler_.post([this, alive = std::weak_ptr<bool>(alive_), request = std::move(request), done = std::move(done)] {
    if (const auto still = alive.lock(); !still || !*still) return;
    const auto place = place_of(request.path);
    if (request.method != kube::Method::kGet)
      writes.push_back(std::string(to_string(request.method)) + " " + place.plural + (place.subresource.empty() ? "" : "/") +
                       place.subresource + " " + to_string(place.name));
    const auto refused = refuse ? refuse(request) : std::nullopt;
    done(refused ? Result<json::value>(*refused) : carry_out(request));
  });
}

Result<json::value> FakeKubeApi::carry_out(const kube::Request& request) {
  const auto place = place_of(request.path);
  switch (request.method) {
    case kube::Method::kGet:
      if (documents.contains(request.path)) return documents.at(request.path);
      if (request.path == "/apis/policy/v1") return not_found("GET " + request.path, "not found");
      if (place.name.name.empty()) return list(place);
      if (const auto* found = find(place.plural, place.name)) return json::value(*found);
      return not_found("GET " + request.path, "not found");
    case kube::Method::kPost:
      if (place.subresource == "eviction") return remove(place, request.body->as_object());
      return create(place, request.body->as_object());
    case kube::Method::kPut: return invalid(request.path, "PUT is not faked");
    case kube::Method::kPatch: return patch(place, request);
    case kube::Method::kDelete: return remove(place, request.body ? request.body->as_object() : json::object());
  }
  return invalid(request.path, "method");
}

Result<json::value> FakeKubeApi::list(const Place& place) const {
  json::array items;
  const auto kind = objects_.find(place.plural);
  const auto selector = place.query.contains("labelSelector") ? place.query.at("labelSelector") : "";
  if (kind != objects_.end())
    for (const auto& [name, object] : kind->second)
      if ((place.name.space.empty() || name.space == place.name.space) && matches(object, selector)) items.push_back(as_item(object));
  return json::value(
      json::object{{"kind", "List"}, {"metadata", json::object{{"resourceVersion", std::to_string(version_)}}}, {"items", items}});
}

Result<json::value> FakeKubeApi::create(const Place& place, json::object object) {
  const kube::ObjectName name{place.name.space, text_at(object, {"metadata", "name"})};
  if (find(place.plural, name) != nullptr) return conflict("POST " + to_string(name), "already exists");
  object["metadata"].as_object()["namespace"] = name.space;
  put(place.plural, std::move(object));
  return json::value(*find(place.plural, name));
}

Result<json::value> FakeKubeApi::patch(const Place& place, const kube::Request& request) {
  const auto& body = request.body->as_object();
  const auto* found = find(place.plural, place.name);
  const bool is_apply = request.content_type.find("apply") != std::string::npos;
  if (found == nullptr && !is_apply) return not_found("PATCH " + to_string(place.name), "not found");
  json::object object = found == nullptr ? json::object() : *found;
  if (is_apply && body.contains("data")) object.erase("data");  // keys that are not applied any more go
  merge(object, body);
  put(place.plural, std::move(object));
  return json::value(*find(place.plural, place.name));
}

Result<json::value> FakeKubeApi::remove(const Place& place, const json::object& options) {
  const auto* found = find(place.plural, place.name);
  if (found == nullptr) return not_found("DELETE " + to_string(place.name), "not found");
  const auto inner = options.contains("deleteOptions") ? options.at("deleteOptions").as_object() : options;
  const auto uid = text_at(inner, {"preconditions", "uid"});
  if (!uid.empty() && uid != text_at(*found, {"metadata", "uid"})) return conflict("DELETE " + to_string(place.name), "uid differs");
  erase(place.plural, place.name);
  return json::value(json::object{{"kind", "Status"}});
}

const json::object* FakeKubeApi::find(const std::string& plural, const kube::ObjectName& name) const {
  const auto kind = objects_.find(plural);
  if (kind == objects_.end()) return nullptr;
  const auto object = kind->second.find(name);
  return object == kind->second.end() ? nullptr : &object->second;
}

void FakeKubeApi::put(const std::string& plural, json::object object) {
  auto& metadata = object["metadata"].as_object();
  metadata["resourceVersion"] = std::to_string(++version_);
  if (!metadata.contains("uid")) metadata["uid"] = "uid-" + std::to_string(++uids_);
  const kube::ObjectName name{text_at(object, {"metadata", "namespace"}), text_at(object, {"metadata", "name"})};
  const bool is_new = !objects_[plural].contains(name);
  objects_[plural][name] = object;
  tell(plural, is_new ? kube::WatchEvent::Type::kAdded : kube::WatchEvent::Type::kModified, object);
}

void FakeKubeApi::erase(const std::string& plural, const kube::ObjectName& name) {
  auto object = objects_[plural].extract(name).mapped();
  object["metadata"].as_object()["resourceVersion"] = std::to_string(++version_);
  tell(plural, kube::WatchEvent::Type::kDeleted, object);
}

void FakeKubeApi::tell(const std::string& plural, kube::WatchEvent::Type type, const json::object& object) {
  for (auto& watcher : watchers_) {
    if (watcher.plural != plural || !matches(object, watcher.selector)) continue;
    if (!watcher.space.empty() && watcher.space != text_at(object, {"metadata", "namespace"})) continue;
    const auto* const wanted = &watcher;
    scheduler_.post([this, alive = std::weak_ptr<bool>(alive_), wanted, type, object] {
      if (const auto still = alive.lock(); !still || !*still) return;
      const auto there = std::ranges::find_if(watchers_, [&](const Watcher& one) { return &one == wanted; });
      if (there != watchers_.end()) there->hooks.event({type, object});
    });
  }
}

std::unique_ptr<kube::Watch> FakeKubeApi::watch(kube::WatchRequest request, kube::WatchHooks hooks) {
  const auto place = place_of(request.path);
  const auto selector = place.query.find("labelSelector");
  watchers_.push_back({place.plural, place.name.space, selector == place.query.end() ? "" : selector->second, std::move(hooks)});
  return std::make_unique<Handle>(watchers_, std::prev(watchers_.end()), alive_);
}

}  // namespace shardkeeper::test
