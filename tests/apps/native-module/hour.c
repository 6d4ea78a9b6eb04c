#include <node_api.h>

static napi_value hour(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value number;
  return napi_create_int32(env, 60 * 60 * 1000, &number) == napi_ok ? number : NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "hour", NAPI_AUTO_LENGTH, hour, NULL, &function) != napi_ok) return NULL;
  return function;
}
