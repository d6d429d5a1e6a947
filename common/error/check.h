// Broken invariants end the process: restarting is safe, because nothing is stored and everything is observed anew.
#pragma once

#include <cstdio>
#include <cstdlib>

// For what our own code promises; never for input from outside.
#define SK_CHECK(condition, context)                                                                       \
  do {                                                                                                     \
    if (!(condition)) {                                                                                    \
      std::fprintf(stderr, "%s:%d: broken invariant: %s (%s)\n", __FILE__, __LINE__, #condition, context); \
      std::abort();                                                                                        \
    }                                                                                                      \
  } while (false)
