// Package hosttest checks a host against the contract of package hostadapter, and holds the
// reference host that passes: [Memory].
//
// One test tells a platform whether its adapter is right:
//
//	func TestHost(t *testing.T) {
//		hosttest.Run(t, func(t *testing.T, seed hosttest.Seed) hostadapter.HostAdapter {
//			return newAdapterHolding(t, seed) // write the seed into the platform's own tables
//		})
//	}
//
// The seed is small and unkind: it contains the shapes of data on which adapters have gone wrong,
// such as many rows that share one second, tombstones, offline orders and partial refunds. A
// platform that cannot hold a detail of it names the field in [Options].
//
// The package imports nothing but the standard library and hostadapter, because it lands in the
// module graph of whoever tests an adapter with it.
package hosttest
