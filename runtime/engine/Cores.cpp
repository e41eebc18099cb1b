//===- Cores.cpp - how many threads are worth their while -----------------===//

#include "runtime/engine/Cores.h"

#include "runtime/engine/Memory.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <sched.h>
#include <set>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace heddle {

/// Cores among the processors of the affinity mask: those whose first sibling differs.
static unsigned coresByAffinity() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) != 0)
    return std::max(std::thread::hardware_concurrency(), 1u);
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &mask))
      continue;
    std::ifstream file(fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", cpu));
    std::string siblings;
    if (!std::getline(file, siblings))
      siblings = fmt::format("cpu{}", cpu);
    cores.insert(siblings);
  }
  return std::max<unsigned>(static_cast<unsigned>(cores.size()), 1);
}

/// Processors' worth of time that the control groups (version 2, then 1) grant; infinite without a quota.
static double coresByQuota() {
  double cores = INFINITY;
  for (const std::string &folder : controlGroupFolders("")) {
    std::ifstream file(folder + "/cpu.max");
    double quota, period;
    if (file >> quota >> period && period > 0)
      cores = std::min(cores, quota / period);
  }
  for (const std::string &folder : controlGroupFolders("cpu")) {
    std::ifstream quotaFile(folder + "/cpu.cfs_quota_us"), periodFile(folder + "/cpu.cfs_period_us");
    double quota, period;
    if (quotaFile >> quota && periodFile >> period && quota > 0 && period > 0)
      cores = std::min(cores, quota / period);
  }
  return cores;
}

unsigned availableCores() {
  double cores = std::min<double>(coresByAffinity(), std::ceil(coresByQuota()));
  return static_cast<unsigned>(std::max(cores, 1.0));
}

void giveWay() { setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 10); } // Linux: of one thread

} // namespace heddle
