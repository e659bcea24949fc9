// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "./interfaces/ISettlement.sol";

/// @title EIP-712 struct hashes of what payers and operators sign
/// @dev `vectors/eip712.json` holds the same hashes made by another implementation; a test compares them.
library Digests {
    bytes32 internal constant VOUCHER = keccak256("Voucher(uint256 licenseId,uint64 epoch,uint128 cumulative)");
    bytes32 internal constant ITEM =
        keccak256("Item(uint256 licenseId,uint64 epoch,uint128 ceiling,uint128 claim,bytes32 r,bytes32 vs)");
    bytes32 internal constant LINE = keccak256("Line(uint256 assetId,uint64 weight)");
    bytes32 internal constant GROUP = keccak256(
        "Group(uint256 assetId,Item[] items,Line[] lines)"
        "Item(uint256 licenseId,uint64 epoch,uint128 ceiling,uint128 claim,bytes32 r,bytes32 vs)"
        "Line(uint256 assetId,uint64 weight)"
    );
    bytes32 internal constant BATCH = keccak256(
        "Batch(bytes32 expectedHead,bytes32 usageRoot,string uri,Group[] groups)"
        "Group(uint256 assetId,Item[] items,Line[] lines)"
        "Item(uint256 licenseId,uint64 epoch,uint128 ceiling,uint128 claim,bytes32 r,bytes32 vs)"
        "Line(uint256 assetId,uint64 weight)"
    );

    function voucher(uint256 licenseId, uint64 epoch, uint128 cumulative) internal pure returns (bytes32) {
        return keccak256(abi.encode(VOUCHER, licenseId, epoch, cumulative));
    }

    function batch(bytes32 expectedHead, bytes32 usageRoot, string calldata uri, ISettlement.Group[] calldata groups)
        internal
        pure
        returns (bytes32)
    {
        bytes32[] memory hashes = new bytes32[](groups.length);
        for (uint256 i = 0; i < groups.length; i++) {
            hashes[i] = _group(groups[i]);
        }
        return keccak256(
            abi.encode(BATCH, expectedHead, usageRoot, keccak256(bytes(uri)), keccak256(abi.encodePacked(hashes)))
        );
    }

    function _group(ISettlement.Group calldata group) private pure returns (bytes32) {
        ISettlement.Item[] calldata listed = group.items;
        bytes32[] memory items = new bytes32[](listed.length);
        for (uint256 i = 0; i < items.length; i++) {
            items[i] = keccak256(abi.encode(ITEM, listed[i]));
        }
        ISettlement.Line[] calldata cited = group.lines;
        bytes32[] memory lines = new bytes32[](cited.length);
        for (uint256 i = 0; i < lines.length; i++) {
            lines[i] = keccak256(abi.encode(LINE, cited[i]));
        }
        return keccak256(
            abi.encode(GROUP, group.assetId, keccak256(abi.encodePacked(items)), keccak256(abi.encodePacked(lines)))
        );
    }
}
