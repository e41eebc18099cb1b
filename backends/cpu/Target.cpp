//===- Target.cpp - what a processor can do -------------------------------===//
//
// LLVM knows each processor's features. Of these, code may use only the ones listed here: those that matter to
// kernels, and that the runtime can look for when a program starts.
//
//===----------------------------------------------------------------------===//

#include "backends/cpu/Target.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace heddle::cpu {

namespace {

constexpr StringRef triple = "x86_64-unknown-linux-gnu";

constexpr StringRef usedFeatures[] = {
    "sse3",     "ssse3",   "sse4.1",   "sse4.2",   "popcnt",     "avx",     "avx2",       "bmi",     "bmi2",
    "f16c",     "fma",     "lzcnt",    "movbe",    "avx512f",    "avx512bw", "avx512cd",  "avx512dq", "avx512vl",
    "avx512vnni", "avxvnni"};

const Target &x86() {
  static const Target *target = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    std::string error;
    return TargetRegistry::lookupTarget(Triple(triple), error);
  }();
  return *target;
}

/// The known name with the least distance, or an empty one when nothing is near.
std::string nearestName(const MCSubtargetInfo &info, StringRef name) {
  std::string nearest;
  unsigned least = 1 + name.size() / 3;
  for (const SubtargetSubTypeKV &cpu : info.getAllProcessorDescriptions()) {
    unsigned distance = name.edit_distance(cpu.Key, true, least);
    if (distance >= least)
      continue;
    least = distance;
    nearest = cpu.Key;
  }
  return nearest;
}

Error unknownCpu(const MCSubtargetInfo &info, StringRef name) {
  std::string message = ("unknown processor '" + name + "': expected native, x86-64, x86-64-v2, x86-64-v3, x86-64-v4, "
                         "or a name such as znver4 or icelake-server").str();
  if (std::string nearest = nearestName(info, name); !nearest.empty())
    message += "; did you mean '" + nearest + "'?";
  return createStringError(message);
}

/// What LLVM says of the processor; of this machine, what the system says that may be used.
bool hasFeature(const MCSubtargetInfo &info, const StringMap<bool> &host, StringRef feature) {
  return host.empty() ? info.checkFeatures(("+" + feature).str()) : host.lookup(feature);
}

void describe(CpuTarget &target) {
  auto has = [&](StringRef feature) { return is_contained(target.features, feature); };
  target.fma = has("fma");
  target.f16c = has("f16c");
  target.avx2 = has("avx2");
  target.avx512 = all_of(ArrayRef<StringRef>{"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}, has);
  target.avx512vnni = target.avx512 && has("avx512vnni");
  target.avxvnni = has("avxvnni");
  target.vectorBits = target.avx512 ? 512 : target.avx2 ? 256 : 128;
  target.vectorRegisters = target.avx512 ? 32 : 16;
}

} // namespace

unsigned CpuTarget::tokenTile(unsigned lanes, unsigned rows, unsigned temporaries) const {
  // A lane's value may take several registers. With AVX-512 an activation is a memory operand; else it needs one.
  unsigned perValue = std::max(1u, lanes * 32 / vectorBits);
  unsigned weights = rows * perValue, taken = weights + temporaries * perValue + (avx512 ? 0 : 1);
  unsigned free = vectorRegisters > taken ? vectorRegisters - taken : 0;
  return std::clamp(free / weights, 1u, 12u);
}

std::string CpuTarget::featureList() const { return join(features, ","); }

Expected<CpuTarget> cpuTarget(StringRef name) {
  CpuTarget target;
  target.name = name.str();
  StringMap<bool> host;
  if (name == "native") {
    target.tune = sys::getHostCPUName().str();
    host = sys::getHostCPUFeatures();
  } else {
    target.tune = name.str();
  }
  // LLVM prints a complaint of its own for an unknown name when it makes a subtarget of it: ask a neutral one first.
  std::unique_ptr<MCSubtargetInfo> plain(x86().createMCSubtargetInfo(Triple(triple), "x86-64", ""));
  if (!plain->isCPUStringValid(target.tune)) {
    if (host.empty())
      return unknownCpu(*plain, name);
    target.tune = "x86-64";
  }
  std::unique_ptr<MCSubtargetInfo> info(x86().createMCSubtargetInfo(Triple(triple), target.tune, ""));
  if (host.empty() && !info->checkFeatures("+64bit"))
    return createStringError("processor '" + target.name + "' has no 64-bit mode");
  for (StringRef feature : usedFeatures)
    if (hasFeature(*info, host, feature))
      target.features.push_back(feature.str());
  describe(target);
  return target;
}

Expected<std::vector<CpuTarget>> cpuTargets(StringRef names) {
  std::vector<CpuTarget> targets;
  SmallVector<StringRef> parts;
  names.split(parts, ',');
  for (StringRef part : parts) {
    StringRef name = part.trim();
    if (any_of(targets, [&](const CpuTarget &target) { return target.name == name; }))
      continue;
    Expected<CpuTarget> target = cpuTarget(name);
    if (!target)
      return target.takeError();
    targets.push_back(std::move(*target));
  }
  return targets;
}

std::unique_ptr<TargetMachine> createMachine(const CpuTarget &target, unsigned level) {
  // The features are exactly those that the program will ask for; the processor's name serves scheduling only,
  // through the functions' attributes (see EmitObject.cpp).
  std::string features;
  for (const std::string &feature : target.features)
    features += (features.empty() ? "+" : ",+") + feature;
  TargetOptions options;
  options.FunctionSections = true;
  auto optimization = static_cast<CodeGenOptLevel>(std::min(level, 3u));
  return std::unique_ptr<TargetMachine>(
      x86().createTargetMachine(Triple(triple), "x86-64", features, options, Reloc::PIC_, std::nullopt, optimization));
}

} // namespace heddle::cpu
