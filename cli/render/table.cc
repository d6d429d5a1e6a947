#include "cli/render/table.h"

#include "cli/render/text.h"

#include <algorithm>
#include <limits>

namespace shardkeeper::cli::render {
namespace {

constexpr int kGap = 2;

struct Shown {
  std::size_t column;
  int width;
};

const Cell& cell_at(const std::vector<Cell>& row, std::size_t column) {
  static const Cell kEmpty;
  return column < row.size() ? row[column] : kEmpty;
}

int natural_width(const Table& table, std::size_t column) {
  int width = 0;
  for (const auto& row : table.rows)
    if (const Cell& cell = cell_at(row, column); cell.reach == Reach::kColumn) width = std::max(width, width_of(cell.text));
  return width == 0 ? 0 : std::max(width, width_of(table.columns[column].title));
}

int total_width(const std::vector<Shown>& shown) {
  int total = 0;
  for (const auto& [column, width] : shown) total += width + kGap;
  return total - kGap;
}

// Which columns are drawn, and how wide.
std::vector<Shown> fit(const Table& table, const Look& look) {
  std::vector<Shown> shown;
  for (std::size_t column = 0; column < table.columns.size(); ++column)
    if (const int width = natural_width(table, column); width > 0) shown.push_back({column, width});
  if (look.width == 0) return shown;

  const auto importance = [&](const Shown& one) { return table.columns[one.column].dropped_at; };
  while (shown.size() > 1) {
    const int can_give = std::max(0, shown.back().width - table.last_width_min);
    if (total_width(shown) - can_give <= look.width) break;
    const auto least = std::ranges::max_element(shown, {}, importance);
    if (importance(*least) == 0) break;
    shown.erase(least);
  }
  if (const int excess = total_width(shown) - look.width; excess > 0 && !shown.empty())
    shown.back().width = std::max(1, shown.back().width - excess);
  return shown;
}

class Drawer {
 public:
  Drawer(const Table& table, const Look& look) : table_(table), look_(look), shown_(fit(table, look)) {}

  void titles() {
    std::vector<Cell> titles;
    for (const Column& column : table_.columns) titles.push_back({column.title, Tone::kDim});
    if (std::ranges::any_of(titles, [](const Cell& title) { return !title.text.empty(); })) row(titles);
  }

  void row(const std::vector<Cell>& cells) {
    std::string line;
    int at = 0;    // columns written
    int next = 0;  // where the cell begins; spaces are written when a text follows, so that no line ends in them
    for (std::size_t i = 0; i < shown_.size(); ++i) {
      const Cell& cell = cell_at(cells, shown_[i].column);
      const int width = cell.reach == Reach::kRow ? room_at(cells, i, next) : shown_[i].width;
      const bool is_right = cell.reach == Reach::kColumn && table_.columns[shown_[i].column].align == Align::kRight;
      bool is_first = true;
      for (const auto& part : lines_of(cell, i, width)) {
        if (!is_first) line += "\n";
        if (!is_first) at = 0;
        is_first = false;
        const int begin = next + (is_right ? width - width_of(part) : 0);
        line.append(static_cast<std::size_t>(begin - at), ' ');
        line += toned(part, cell.tone, look_);
        at = begin + width_of(part);
      }
      next += shown_[i].width + kGap;
    }
    text_ += line + "\n";
  }

  std::string take() { return std::move(text_); }

 private:
  // Columns from the i-th cell, which begins at `next`, to the next text or the end of the line.
  int room_at(const std::vector<Cell>& cells, std::size_t i, int next) const {
    int end = next;
    for (std::size_t j = i; j < shown_.size(); ++j) {
      if (j > i && !cell_at(cells, shown_[j].column).text.empty()) return end - kGap - next;
      end += shown_[j].width + kGap;
    }
    return look_.width == 0 ? std::numeric_limits<int>::max() : look_.width - next;
  }

  std::vector<std::string> lines_of(const Cell& cell, std::size_t i, int width) const {
    if (cell.text.empty()) return {};
    if (table_.overflow == Overflow::kWrap && i + 1 == shown_.size()) return wrapped(cell.text, width);
    return {shortened(cell.text, width, look_)};
  }

  const Table& table_;
  const Look& look_;
  const std::vector<Shown> shown_;
  std::string text_;
};

}  // namespace

std::string draw(const Table& table, const Look& look) {
  Drawer drawer(table, look);
  drawer.titles();
  for (const auto& row : table.rows) drawer.row(row);
  return drawer.take();
}

}  // namespace shardkeeper::cli::render
