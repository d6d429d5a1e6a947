#include "common/rpc/mailbox.h"

#include <utility>

namespace shardkeeper::rpc {

Mailbox::~Mailbox() {
  // Only a mailbox that was never closed still holds work.
  for (Item* item = oldest_; item != nullptr;) delete std::exchange(item, item->next);
  for (Item* item = newest_.load(); item != nullptr && item != &closed_;) delete std::exchange(item, item->next);
}

bool Mailbox::post(std::function<void()> work) {
  posting_.fetch_add(1);
  const bool accepted = push(new Item{std::move(work)});
  if (posting_.fetch_sub(1) == 1) posting_.notify_all();
  return accepted;
}

bool Mailbox::push(Item* item) {
  Item* head = newest_.load();
  do {
    if (head == &closed_) {
      delete item;
      return false;
    }
    item->next = head;
  } while (!newest_.compare_exchange_weak(head, item));
  // Whoever finds the stack empty wakes the loop; the others' work is taken along.
  if (head == nullptr) scheduler_.post([self = shared_from_this()] { self->drain(); });
  return true;
}

void Mailbox::drain() {
  for (;;) {
    if (oldest_ == nullptr) {
      if (newest_.load() == &closed_) return;
      Item* newest = newest_.exchange(nullptr);
      while (newest != nullptr) {
        Item* const next = std::exchange(newest->next, oldest_);
        oldest_ = std::exchange(newest, next);
      }
    }
    if (oldest_ == nullptr) return;
    const std::unique_ptr<Item> item(std::exchange(oldest_, oldest_->next));
    item->work();
  }
}

void Mailbox::close() {
  const auto self = shared_from_this();  // work may hold the last other reference
  Item* empty = nullptr;
  do {
    drain();
    if (newest_.load() == &closed_) break;
    empty = nullptr;
  } while (!newest_.compare_exchange_strong(empty, &closed_));
  for (int posters = posting_.load(); posters != 0; posters = posting_.load()) posting_.wait(posters);
}

}  // namespace shardkeeper::rpc
