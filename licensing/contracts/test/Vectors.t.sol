// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../src/interfaces/ISettlement.sol";
import {Stage} from "./base/Stage.sol";
import {vm} from "./base/Vm.sol";

/// @dev The vectors were made by eth-account (`vectors/make`); Python reads the same file.
contract VectorsTest is Stage {
    string private json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("vectors/eip712.json");
        // The domain has the contract's address in it: the code is put where the vectors say it is.
        address there = vm.parseJsonAddress(json, ".domain.verifyingContract");
        vm.etch(there, address(settlement).code);
        settlement = ISettlement(there);
        same(block.chainid, vm.parseJsonUint(json, ".domain.chainId"), "chain");
    }

    function test_vouchers_hash_and_recover_as_elsewhere() public view {
        uint256 count = 0;
        for (string memory path = ".vouchers[0]"; vm.keyExistsJson(json, path); path = _at(".vouchers", count)) {
            bytes32 digest = settlement.voucherDigest(
                _uint(path, ".licenseId"), uint64(_uint(path, ".epoch")), uint128(_uint(path, ".cumulative"))
            );
            _check(path, digest);
            count++;
        }
        same(count, 3, "vouchers read");
    }

    function test_batches_hash_and_recover_as_elsewhere() public view {
        uint256 count = 0;
        for (string memory path = ".batches[0]"; vm.keyExistsJson(json, path); path = _at(".batches", count)) {
            bytes32 digest = settlement.batchDigest(
                vm.parseJsonBytes32(json, _join(path, ".expectedHead")),
                vm.parseJsonBytes32(json, _join(path, ".usageRoot")),
                vm.parseJsonString(json, _join(path, ".uri")),
                _groups(path)
            );
            _check(path, digest);
            count++;
        }
        same(count, 3, "batches read");
    }

    function test_each_field_of_a_voucher_is_signed() public view {
        bytes32 digest = settlement.voucherDigest(1, 0, 1_000_000);
        holds(digest != settlement.voucherDigest(2, 0, 1_000_000), "license");
        holds(digest != settlement.voucherDigest(1, 1, 1_000_000), "epoch");
        holds(digest != settlement.voucherDigest(1, 0, 1_000_001), "amount");
    }

    function test_a_voucher_is_good_for_one_chain_and_one_contract() public {
        bytes32 digest = settlement.voucherDigest(1, 0, 1_000_000);
        address elsewhere = address(0xE15E);
        vm.etch(elsewhere, address(settlement).code);
        holds(digest != ISettlement(elsewhere).voucherDigest(1, 0, 1_000_000), "contract");
        vm.chainId(1);
        holds(digest != settlement.voucherDigest(1, 0, 1_000_000), "chain");
    }

    function test_each_field_of_a_batch_is_signed() public view {
        ISettlement.Group[] memory groups = _groups(".batches[1]");
        bytes32 digest = settlement.batchDigest(0, 0, "", groups);
        holds(digest != settlement.batchDigest(bytes32(uint256(1)), 0, "", groups), "head");
        holds(digest != settlement.batchDigest(0, bytes32(uint256(1)), "", groups), "root");
        holds(digest != settlement.batchDigest(0, 0, "x", groups), "uri");
        ISettlement.Item memory item = groups[0].items[0];
        ISettlement.Line memory line = groups[0].lines[0];
        groups[0].assetId++;
        digest = _changed(groups, digest, "asset");
        item.licenseId++;
        digest = _changed(groups, digest, "license");
        item.epoch++;
        digest = _changed(groups, digest, "epoch");
        item.ceiling++;
        digest = _changed(groups, digest, "ceiling");
        item.claim++;
        digest = _changed(groups, digest, "claim");
        item.r = bytes32(uint256(item.r) ^ 1);
        digest = _changed(groups, digest, "r");
        item.vs = bytes32(uint256(item.vs) ^ 1);
        digest = _changed(groups, digest, "vs");
        line.assetId++;
        digest = _changed(groups, digest, "line's asset");
        line.weight++;
        digest = _changed(groups, digest, "weight");
        (groups[0], groups[1]) = (groups[1], groups[0]);
        _changed(groups, digest, "order");
    }

    function _changed(ISettlement.Group[] memory groups, bytes32 before, string memory what)
        private
        view
        returns (bytes32 digest)
    {
        digest = settlement.batchDigest(0, 0, "", groups);
        holds(digest != before, what);
    }

    function _check(string memory path, bytes32 digest) private view {
        same(digest, vm.parseJsonBytes32(json, _join(path, ".digest")), path);
        address signer = vm.parseJsonAddress(json, _join(path, ".signer"));
        bytes32 r = vm.parseJsonBytes32(json, _join(path, ".r"));
        bytes32 vs = vm.parseJsonBytes32(json, _join(path, ".vs"));
        bytes32 s = vs & bytes32(uint256(type(int256).max));
        uint8 v = uint8(27 + (uint256(vs) >> 255));
        same(ecrecover(digest, v, r, s), signer, path);
        bytes memory signature = vm.parseJsonBytes(json, _join(path, ".signature"));
        same(keccak256(signature), keccak256(abi.encodePacked(r, s, v)), path);
    }

    function _groups(string memory path) private view returns (ISettlement.Group[] memory groups) {
        string memory list = _join(path, ".groups");
        groups = new ISettlement.Group[](_length(list));
        for (uint256 i = 0; i < groups.length; i++) {
            string memory group = _at(list, i);
            groups[i] = ISettlement.Group(
                _uint(group, ".assetId"), _items(_join(group, ".items")), _lines(_join(group, ".lines"))
            );
        }
    }

    function _items(string memory list) private view returns (ISettlement.Item[] memory items) {
        items = new ISettlement.Item[](_length(list));
        for (uint256 i = 0; i < items.length; i++) {
            string memory path = _at(list, i);
            items[i] = ISettlement.Item({
                licenseId: _uint(path, ".licenseId"),
                epoch: uint64(_uint(path, ".epoch")),
                ceiling: uint128(_uint(path, ".ceiling")),
                claim: uint128(_uint(path, ".claim")),
                r: vm.parseJsonBytes32(json, _join(path, ".r")),
                vs: vm.parseJsonBytes32(json, _join(path, ".vs"))
            });
        }
    }

    function _lines(string memory list) private view returns (ISettlement.Line[] memory lines) {
        lines = new ISettlement.Line[](_length(list));
        for (uint256 i = 0; i < lines.length; i++) {
            string memory path = _at(list, i);
            lines[i] = ISettlement.Line(_uint(path, ".assetId"), uint64(_uint(path, ".weight")));
        }
    }

    function _length(string memory list) private view returns (uint256 length) {
        while (vm.keyExistsJson(json, _at(list, length))) length++;
    }

    function _uint(string memory path, string memory field) private view returns (uint256) {
        return vm.parseJsonUint(json, _join(path, field));
    }

    function _at(string memory list, uint256 position) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(position), "]");
    }

    function _join(string memory path, string memory field) private pure returns (string memory) {
        return string.concat(path, field);
    }
}
