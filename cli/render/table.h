// Aligned columns that fit a width: first columns that matter least are left out, then the last one is shortened or wrapped.
#pragma once

#include "cli/render/look.h"

#include <string>
#include <vector>

namespace shardkeeper::cli::render {

enum class Align { kLeft, kRight };
enum class Overflow { kShorten, kWrap };  // what happens to a last column that is too wide

struct Column {
  std::string title;
  Align align = Align::kLeft;
  int dropped_at = 0;  // columns with a higher number are left out first when the table is too wide; 0: never
};

enum class Reach { kColumn, kRow };  // kRow: runs over the empty cells to its right, and does not widen its column

struct Cell {
  std::string text;  // printable
  Tone tone = Tone::kPlain;
  Reach reach = Reach::kColumn;
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // as many cells as columns; missing ones are empty
  int last_width_min = 24;              // the last column does not get narrower than this while another one can be left out
  Overflow overflow = Overflow::kShorten;
};

// One line a row below the titles (more where the last column wraps), each with a line break. Columns without any text of their own are left out.
std::string draw(const Table& table, const Look& look);

}  // namespace shardkeeper::cli::render
