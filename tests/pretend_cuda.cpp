// A device that PyTorch takes for CUDA and that computes on the CPU, for a PyTorch that was built without CUDA.
//
// Its memory counts as the GPU's: what was not moved there, or is of two devices, is refused in CUDA's own words, and
// autocast chooses the types that it chooses on a GPU. What is slow or wrong in CUDA's kernels, it cannot show.
//
// It goes by the interfaces for devices outside of PyTorch: a fallback for every operation, an allocator, a guard and
// the hooks of CUDA. Only what a fallback cannot do (memory, views, operations whose schema does not tell what they
// change, operations that only CUDA has) is written here.

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/stack.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace {

const c10::Device kHere(c10::kCUDA, 0);
const c10::DispatchKeySet kKeys(c10::DispatchKey::CUDA);

// How many operations the device was asked for, and how many of them in half precision.
std::atomic<long> operations{0}, halves{0};

// ---- memory

struct Memory final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    void* data = std::malloc(bytes ? bytes : 1);
    return {data, data, &std::free, kHere};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &std::free; }
  void copy_data(void* to, const void* from, std::size_t count) const override { default_copy_data(to, from, count); }
};
Memory memory;

// The same memory, called the CPU's.
at::Tensor on_cpu(const at::Tensor& one) {
  void* data = one.unsafeGetTensorImpl()->storage().mutable_data();
  return at::from_blob(data, one.sizes(), one.strides(), one.storage_offset(), [](void*) {},
                       one.options().device(at::kCPU).requires_grad(false), at::kCPU);
}

at::Tensor empty(c10::IntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                 std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &memory, kKeys, c10::dtype_or_default(type), format);
}

at::Tensor empty_strided(c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<at::ScalarType> type,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &memory, kKeys, c10::dtype_or_default(type));
}

const at::Tensor& resize_(const at::Tensor& self, c10::IntArrayRef size, std::optional<at::MemoryFormat>) {
  if (self.sizes() == size) return self;  // a view stays one
  auto* impl = self.unsafeGetTensorImpl();
  impl->set_sizes_contiguous(size);
  const auto& storage = impl->storage();
  const size_t bytes = at::detail::computeStorageNbytesContiguous(size, self.itemsize(), self.storage_offset());
  if (bytes > storage.nbytes()) {
    auto larger = memory.allocate(bytes);
    std::memcpy(larger.get(), storage.data(), storage.nbytes());
    storage.set_data_ptr(std::move(larger));
    storage.set_nbytes(bytes);
  }
  return self;
}

at::Tensor& copy_(at::Tensor& self, const at::Tensor& source, bool) {
  auto to = self.is_cuda() ? on_cpu(self) : self;
  to.copy_(source.is_cuda() ? on_cpu(source) : source);
  return self;
}

at::Tensor copy_from(const at::Tensor& self, const at::Tensor& to, bool) {
  auto target = to;
  return copy_(target, self, false);
}

at::Tensor copy_from_and_resize(const at::Tensor& self, const at::Tensor& to) {
  resize_(to, self.sizes(), std::nullopt);
  return copy_from(self, to, false);
}

at::Tensor& set_part(at::Tensor& self, at::Storage source, int64_t offset, c10::IntArrayRef size,
                     c10::IntArrayRef stride) {
  auto* impl = self.unsafeGetTensorImpl();
  impl->set_storage_keep_dtype(std::move(source));
  impl->set_sizes_and_strides(size, stride, offset);
  return self;
}

at::Tensor& set_whole(at::Tensor& self, at::Storage source) {
  const auto count = static_cast<int64_t>(source.nbytes() / self.itemsize());
  return set_part(self, std::move(source), 0, {count}, {1});
}

// ---- operations

void compute(const c10::OperatorHandle& operation, c10::Stack* stack) {
  // On a GPU a number may come from the CPU, a tensor may not.
  long here = 0, elsewhere = 0, half = 0;
  const auto look = [&](const at::Tensor& one) {
    if (!one.defined()) return;
    if (one.is_cuda()) ++here;
    else if (one.dim() > 0) ++elsewhere;
    if (one.is_cuda() && one.scalar_type() == at::kHalf) ++half;
  };
  for (const auto& value : torch::jit::last(*stack, operation.schema().arguments().size())) {
    if (value.isTensor()) look(value.toTensor());
    else if (value.isTensorList()) for (const auto& one : value.toTensorVector()) look(one);
    else if (value.isOptionalTensorList())
      for (const std::optional<at::Tensor> one : value.toOptionalTensorList()) if (one) look(*one);
  }
  TORCH_CHECK(!here || !elsewhere, "Expected all tensors to be on the same device, but found at least two devices, ",
              "cuda:0 and cpu, in ", operation.schema().name());
  ++operations;
  halves += half > 0;
  at::native::cpu_fallback(operation, stack, /*error_on_views=*/false, c10::DispatchKey::CPU);
}

// Its schema does not say that it changes the running statistics, so the fallback would lose them.
std::tuple<at::Tensor, at::Tensor, at::Tensor> batch_norm(
    const at::Tensor& input, const std::optional<at::Tensor>& weight, const std::optional<at::Tensor>& bias,
    const std::optional<at::Tensor>& mean, const std::optional<at::Tensor>& variance, bool training, double momentum,
    double epsilon) {
  const auto cpu = [](const std::optional<at::Tensor>& one) -> std::optional<at::Tensor> {
    return one && one->defined() ? std::optional<at::Tensor>(on_cpu(*one)) : std::nullopt;
  };
  const auto [answer, batch_mean, deviation] = at::native_batch_norm(
      on_cpu(input), cpu(weight), cpu(bias), cpu(mean), cpu(variance), training, momentum, epsilon);
  return {answer.to(kHere), batch_mean.to(kHere), deviation.to(kHere)};
}

// A step of a gated recurrent unit, one operation on CUDA alone; the second answer is for its own way back.
std::tuple<at::Tensor, at::Tensor> gru_step(const at::Tensor& input, const at::Tensor& hidden, const at::Tensor& state,
                                            const std::optional<at::Tensor>& input_bias,
                                            const std::optional<at::Tensor>& hidden_bias) {
  const auto with = [](const at::Tensor& gates, const std::optional<at::Tensor>& bias) {
    return (bias && bias->defined() ? gates + *bias : gates).chunk(3, 1);
  };
  const auto from_input = with(input, input_bias), from_hidden = with(hidden, hidden_bias);
  const auto reset = at::sigmoid(from_input[0] + from_hidden[0]);
  const auto update = at::sigmoid(from_input[1] + from_hidden[1]);
  const auto fresh = at::tanh(from_input[2] + reset * from_hidden[2]);
  return {(state - fresh) * update + fresh, at::empty({0}, input.options())};
}

// ---- what PyTorch asks of a device

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return c10::kCUDA; }
  c10::Device exchangeDevice(c10::Device) const override { return kHere; }
  c10::Device getDevice() const override { return kHere; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const override { return c10::Stream(c10::Stream::DEFAULT, kHere); }
  c10::Stream getDefaultStream(c10::Device) const override { return c10::Stream(c10::Stream::DEFAULT, kHere); }
  c10::Stream exchangeStream(c10::Stream stream) const override { return stream; }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
};

// PyTorch looks for a class of this name.
struct CUDAHooks final : at::CUDAHooksInterface {
  explicit CUDAHooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool hasCUDA() const override { return true; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  int getNumGPUs() const override { return 1; }
  c10::DeviceIndex current_device() const override { return 0; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  at::Allocator* getCUDADeviceAllocator() const override { return &memory; }
};

}  // namespace

namespace at {
REGISTER_CUDA_HOOKS(CUDAHooks);
}
C10_REGISTER_GUARD_IMPL(CUDA, Guard);
REGISTER_ALLOCATOR(c10::kCUDA, &memory);

TORCH_LIBRARY_IMPL(_, CUDA, device) { device.fallback(torch::CppFunction::makeFromBoxedFunction<&compute>()); }

TORCH_LIBRARY_IMPL(aten, CUDA, device) {
  device.impl("empty.memory_format", empty);
  device.impl("empty_strided", empty_strided);
  device.impl("resize_", resize_);
  device.impl("copy_", copy_);
  device.impl("_copy_from", copy_from);
  device.impl("_copy_from_and_resize", copy_from_and_resize);
  device.impl("set_.source_Storage", set_whole);
  device.impl("set_.source_Storage_storage_offset", set_part);
  device.impl("as_strided", at::native::as_strided_tensorimpl);
  device.impl("view", at::native::view);
  device.impl("_reshape_alias", at::native::_reshape_alias);
  device.impl("unfold", at::native::unfold);
  device.impl("native_batch_norm", batch_norm);
}

TORCH_LIBRARY_IMPL(aten, AutogradCUDA, device) { device.impl("_thnn_fused_gru_cell", gru_step); }

extern "C" long pretend_cuda_operations() { return operations; }
extern "C" long pretend_cuda_halves() { return halves; }
