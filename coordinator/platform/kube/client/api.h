// The API server as the coordinator sees it: calls that answer once, and watches that tell what changes. A fake of it is what the
// platform's tests run on.
#pragma once

#include "common/error/result.h"

#include <boost/json/value.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace shardkeeper::platform::kube {

enum class Method { kGet, kPost, kPut, kPatch, kDelete };
const char* to_string(Method method);

struct Request {
  Method method = Method::kGet;
  std::string path;  // with query, percent-encoded: requests.h builds it
  std::optional<boost::json::value> body;
  std::string content_type = "application/json";  // of the body
  bool is_urgent = false;                         // goes before others and need not wait for a connection: the lease
  std::chrono::milliseconds timeout{10'000};      // from call() to done, all tries together
};

struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark, kError };
  Type type = Type::kAdded;
  boost::json::value object;  // kBookmark: only metadata.resourceVersion counts; kError: a Status

  bool operator==(const WatchEvent&) const = default;
};

// Destroying it ends the watch; nothing is called afterwards. It may be destroyed inside its own callbacks.
class Watch {
 public:
  virtual ~Watch() = default;
};

struct WatchRequest {
  std::string path;                               // with watch=true and timeoutSeconds: requests.h builds it
  std::chrono::milliseconds silence_max{75'000};  // without a byte for so long: over
};

// How a watch ended. Never an error of its own accord: the reflector lists or watches again.
struct WatchEnd {
  enum class Cause {
    kFinished,  // the server's regular end: its timeoutSeconds, or it closed between two events
    kExpired,   // 410: the resourceVersion is too old; only a list helps
    kFailed,    // `error` says why
  };
  Cause cause = Cause::kFinished;
  std::optional<Error> error;

  bool operator==(const WatchEnd&) const = default;
};

struct WatchHooks {
  std::function<void()> opened;  // the server accepted the watch
  std::function<void(WatchEvent)> event;
  std::function<void(WatchEnd)> ended;  // once; nothing follows
};

// THREAD everything on the loop's thread. Callbacks never run before the function that they were given to returns.
class Api {
 public:
  virtual ~Api() = default;
  using Done = std::function<void(Result<boost::json::value>)>;

  // `done` is called exactly once with the object in the reply, unless the Api is destroyed first: then never.
  // ERRORS (error_map.h has the table; `where` is "GET /api/v1/…" without query, `detail` the server's words)
  //   kUnavailable     not reached, 5xx, or told to wait (429) until the timeout; nothing was changed unless it was a 5xx
  //   kUnknownOutcome  the timeout passed, or the connection broke, after a change was sent
  //   kConflict        409: resourceVersion or precondition does not hold, or the name is taken; 410: a list's continue is too old
  //   kNotFound        404
  //   kRefused         403: names verb, resource and namespace that RBAC or an admission does not allow; 401: the credentials are not
  //                    accepted (after the token file was read anew); an eviction that a disruption budget forbids
  //   kInvalid         400, 415, 422: the fields that are wrong; or a reply that is no JSON or too large
  virtual void call(Request request, Done done) = 0;

  virtual std::unique_ptr<Watch> watch(WatchRequest request, WatchHooks hooks) = 0;
};

}  // namespace shardkeeper::platform::kube
