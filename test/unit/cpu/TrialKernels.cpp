#include "TrialKernels.h"

#define FMT_HEADER_ONLY
#include <fmt/format.h>

namespace heddle::test {

namespace {

/// Writes a kernel: the frame that all three share, around lines of a block of columns.
class Writer {
public:
  Writer(Trial trial, int blocks) : trial(trial), blocks(blocks) {}

  template <typename... Args> void line(fmt::format_string<Args...> format, Args &&...args) {
    text += "    " + fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  void begin(const std::string &arguments, const std::string &dims) {
    text = fmt::format("heddle.kernel @k lanes 16 grid [array<i64: 0, 1, {}>, array<i64: 1, {}, 1>] dims [{}] {{\n^bb0({}):\n",
                       trial.groups / trial.rows, trial.tokens, dims, arguments);
    line("%p = heddle.piece");
    line("%l = heddle.lane");
    line("%c0 = arith.constant 0 : index");
    line("%c1 = arith.constant 1 : index");
    line("%blocks = arith.constant {} : index", blocks);
    line("%zero = arith.constant 0.0 : f32");
    line("%izero = arith.constant 0 : i32");
    line("%nibble = arith.constant 15 : i32");
    line("%nibbles = arith.constant 983055 : i32");
    for (int i = 0; i < 33; ++i)
      line("%n{} = arith.constant {} : index\n    %b{} = arith.constant {} : i32", i, i, i, i);
    line("%gs = arith.constant {} : index", trial.groups / trial.rows);
    line("%rows = arith.constant {} : index", trial.rows);
    line("%tokens = arith.constant {} : index", trial.tokens);
    line("%tile = arith.divui %p, %gs : index");
    line("%gp = arith.remui %p, %gs : index");
    line("%g0 = arith.muli %gp, %rows : index");
    line("%t0 = arith.muli %tile, %tokens : index");
    for (int r = 1; r < trial.rows; ++r)
      line("%g{} = arith.addi %g0, %n{} : index", r, r);
    std::string inits, types;
    each([&](int r, int t) {
      inits += fmt::format("{}%a{}_{}_0 = %zero", inits.empty() ? "" : ", ", r, t);
      types += types.empty() ? "f32" : ", f32";
    });
    resultTypes = types;
    line("%r:{} = scf.for %k = %c0 to %blocks step %c1 iter_args({}) -> ({}) {{", trial.rows * trial.tokens, inits, types);
  }

  /// `last`: the number of the last version of each accumulator.
  std::string end(int last) {
    std::string values;
    each([&](int r, int t) { values += fmt::format("{}%a{}_{}_{}", values.empty() ? "" : ", ", r, t, last); });
    line("scf.yield {} : {}\n    }}", values, resultTypes);
    for (int t = 0; t < trial.tokens; ++t)
      line("%o{} = arith.addi %t0, %n{} : index", t, t);
    int index = 0;
    each([&](int r, int t) {
      line("memref.store %r#{}, %y[%o{}, %g{}, %l] : memref<?x{}x16xf32>", index++, t, r, trial.groups);
    });
    return text + "}\n";
  }

  template <typename Function> void each(Function function) {
    for (int t = 0; t < trial.tokens; ++t)
      for (int r = 0; r < trial.rows; ++r)
        function(r, t);
  }

  /// float32 of the float16 in half `high` of word `word`.
  void half(const std::string &name, const std::string &word, bool high) {
    line("%{}s = arith.shrui {}, %b{} : i32", name, word, high ? 16 : 0);
    line("%{}t = arith.trunci %{}s : i32 to i16", name, name);
    line("%{}h = arith.bitcast %{}t : i16 to f16", name, name);
    line("%{} = arith.extf %{}h : f16 to f32", name, name);
  }

  Trial trial;
  int blocks;
  std::string text, resultTypes;
};

std::string q4Weights(Trial trial) { return fmt::format("memref<{}x{}x5x16xi32>", trial.groups, trial.k / 32); }
std::string result(Trial trial) { return fmt::format("%y: memref<?x{}x16xf32>", trial.groups); }

} // namespace

std::string f32Kernel(Trial trial) {
  Writer w(trial, trial.k);
  std::string weights = fmt::format("memref<{}x{}x1x16xf32>", trial.groups, trial.k);
  std::string input = fmt::format("memref<?x{}x{}xf32>", trial.k, trial.tokens);
  w.begin("%w: " + weights + ", %x: " + input + ", " + result(trial), fmt::format("\"T/{}\", \"T\"", trial.tokens));
  for (int r = 0; r < trial.rows; ++r)
    w.line("%w{} = memref.load %w[%g{}, %k, %c0, %l] : {}", r, r, weights);
  for (int t = 0; t < trial.tokens; ++t) {
    w.line("%x{} = memref.load %x[%tile, %k, %n{}] : {}", t, t, input);
    for (int r = 0; r < trial.rows; ++r) {
      w.line("%m{}_{} = arith.mulf %w{}, %x{} : f32", r, t, r, t);
      w.line("%a{}_{}_1 = arith.addf %m{}_{}, %a{}_{}_0 : f32", r, t, r, t, r, t);
    }
  }
  return w.end(1);
}

std::string q4Kernel(Trial trial) {
  Writer w(trial, trial.k / 32);
  std::string input = fmt::format("memref<?x{}x32x{}xf32>", trial.k / 32, trial.tokens);
  w.begin("%w: " + q4Weights(trial) + ", %x: " + input + ", " + result(trial), fmt::format("\"T/{}\", \"T\"", trial.tokens));
  for (int r = 0; r < trial.rows; ++r) {
    w.line("%dm{} = memref.load %w[%g{}, %k, %n4, %l] : {}", r, r, q4Weights(trial));
    w.half(fmt::format("d{}", r), fmt::format("%dm{}", r), false);
    w.half(fmt::format("m{}", r), fmt::format("%dm{}", r), true);
  }
  for (int c = 0; c < 32; ++c)
    for (int r = 0; r < trial.rows; ++r) {
      if (c % 8 == 0)
        w.line("%q{}_{} = memref.load %w[%g{}, %k, %n{}, %l] : {}", r, c / 8, r, c / 8, q4Weights(trial));
      w.line("%s{}_{} = arith.shrui %q{}_{}, %b{} : i32", r, c, r, c / 8, c % 8 * 4);
      w.line("%i{}_{} = arith.andi %s{}_{}, %nibble : i32", r, c, r, c);
      w.line("%f{}_{} = arith.sitofp %i{}_{} : i32 to f32", r, c, r, c);
      w.line("%fd{}_{} = arith.mulf %f{}_{}, %d{} : f32", r, c, r, c, r);
      w.line("%w{}_{} = arith.addf %fd{}_{}, %m{} : f32", r, c, r, c, r);
      for (int t = 0; t < trial.tokens; ++t) {
        if (r == 0)
          w.line("%x{}_{} = memref.load %x[%tile, %k, %n{}, %n{}] : {}", c, t, c, t, input);
        w.line("%p{}_{}_{} = arith.mulf %w{}_{}, %x{}_{} : f32", r, t, c, r, c, c, t);
        w.line("%a{}_{}_{} = arith.addf %p{}_{}_{}, %a{}_{}_{} : f32", r, t, c + 1, r, t, c, r, t, c);
      }
    }
  return w.end(32);
}

std::string q4Int16Kernel(Trial trial) {
  Writer w(trial, trial.k / 32);
  std::string input = fmt::format("memref<?x{}x16x{}xi32>", trial.k / 32, trial.tokens);
  std::string scales = fmt::format("memref<?x{}x2x{}xf32>", trial.k / 32, trial.tokens);
  w.begin("%w: " + q4Weights(trial) + ", %x: " + input + ", %s: " + scales + ", " + result(trial),
          fmt::format("\"T/{}\", \"T/{}\", \"T\"", trial.tokens, trial.tokens));
  w.line("%dm = memref.load %w[%g0, %k, %n4, %l] : {}", q4Weights(trial));
  w.half("d", "%dm", false);
  w.half("m", "%dm", true);
  for (int c = 0; c < 16; ++c) {
    if (c % 4 == 0)
      w.line("%q{} = memref.load %w[%g0, %k, %n{}, %l] : {}", c / 4, c / 4, q4Weights(trial));
    w.line("%h{} = arith.shrui %q{}, %b{} : i32", c, c / 4, c % 4 * 4);
    w.line("%i{} = arith.andi %h{}, %nibbles : i32", c, c);
    for (int t = 0; t < trial.tokens; ++t) {
      w.line("%x{}_{} = memref.load %x[%tile, %k, %n{}, %n{}] : {}", c, t, c, t, input);
      std::string before = c == 0 ? "%izero" : fmt::format("%z{}_{}", t, c - 1);
      w.line("%z{}_{} = heddle.dot2 {}, %i{}, %x{}_{}", t, c, before, c, c, t);
    }
  }
  for (int t = 0; t < trial.tokens; ++t) {
    w.line("%sd{} = memref.load %s[%tile, %k, %n0, %n{}] : {}", t, t, scales);
    w.line("%ss{} = memref.load %s[%tile, %k, %n1, %n{}] : {}", t, t, scales);
    w.line("%f{} = arith.sitofp %z{}_15 : i32 to f32", t, t);
    w.line("%dd{} = arith.mulf %d, %sd{} : f32", t, t);
    w.line("%fd{} = arith.mulf %f{}, %dd{} : f32", t, t, t);
    w.line("%e{} = arith.addf %fd{}, %a0_{}_0 : f32", t, t, t);
    w.line("%ms{} = arith.mulf %m, %ss{} : f32", t, t);
    w.line("%a0_{}_1 = arith.addf %ms{}, %e{} : f32", t, t, t);
  }
  return w.end(1);
}

} // namespace heddle::test
