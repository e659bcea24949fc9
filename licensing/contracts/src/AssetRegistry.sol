// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAssetRegistry} from "./interfaces/IAssetRegistry.sol";
import {IReceipts} from "./interfaces/IReceipts.sol";
import {Receipts} from "./Receipts.sol";

/// @title AssetRegistry
/// @notice Keeps what was published as it was published: content, passport, shares and dependencies.
/// @dev Trusts TAKEDOWN to freeze and nobody to change. Always true: shares add up to 10000, and an asset depends on
///      earlier assets only.
contract AssetRegistry is IAssetRegistry, AccessManaged {
    uint256 private constant ALL_BPS = 10_000;
    uint256 private constant MOST_HOLDERS = 32;
    uint256 private constant MOST_DEPENDENCIES = 100;

    IReceipts public immutable override receipts;
    uint256 public override assetCount;
    mapping(uint256 assetId => Asset) private _assets;
    mapping(uint256 assetId => mapping(uint256 dependency => bool)) private _dependsOn;

    constructor(address authority) AccessManaged(authority) {
        receipts = new Receipts();
    }

    function register(Registration calldata registration) external override returns (uint256 assetId) {
        if (registration.contentCommit == 0) revert EmptyCommit();
        if (registration.poolBps > ALL_BPS) revert PoolTooHigh(registration.poolBps, uint16(ALL_BPS));
        assetId = ++assetCount;
        uint256 series = registration.series;
        if (series == 0) series = assetId;
        else _requireAuthor(series);

        _assets[assetId] = Asset({
            author: msg.sender,
            createdAt: uint64(block.timestamp),
            poolBps: registration.poolBps,
            kind: registration.kind,
            frozen: false,
            series: uint64(series),
            contentCommit: registration.contentCommit,
            passportHash: registration.passportHash
        });
        _declare(assetId, registration.dependencies);
        emit AssetRegistered(
            assetId,
            series,
            msg.sender,
            registration.kind,
            registration.contentCommit,
            registration.passportHash,
            registration.poolBps,
            registration.dependencies,
            registration.uri
        );
        _mintReceipts(assetId, registration.shares);
    }

    function setFrozen(uint256 assetId, bool frozen) external override restricted {
        _requireKnown(assetId);
        _assets[assetId].frozen = frozen;
        emit AssetFrozen(assetId, frozen);
    }

    function getAsset(uint256 assetId) external view override returns (Asset memory) {
        _requireKnown(assetId);
        return _assets[assetId];
    }

    function poolOf(uint256 assetId) external view override returns (uint64 series, uint16 poolBps) {
        _requireKnown(assetId);
        Asset storage asset = _assets[assetId];
        return (asset.series, asset.poolBps);
    }

    function statusOf(uint256 assetId) external view override returns (uint64 series, bool frozen) {
        Asset storage asset = _assets[assetId];
        return (asset.series, asset.frozen);
    }

    function authorOf(uint256 series) public view override returns (address) {
        Asset storage first = _assets[series];
        if (series == 0 || first.series != series) revert UnknownSeries(series);
        return first.author;
    }

    function mayPay(uint256 assetId, uint256 payee) external view override returns (bool) {
        return payee == assetId || _dependsOn[assetId][payee];
    }

    function _declare(uint256 assetId, uint256[] calldata dependencies) private {
        if (dependencies.length > MOST_DEPENDENCIES) {
            revert TooManyDependencies(dependencies.length, MOST_DEPENDENCIES);
        }
        for (uint256 i = 0; i < dependencies.length; i++) {
            if (dependencies[i] == 0 || dependencies[i] >= assetId) revert UnknownAsset(dependencies[i]);
            _dependsOn[assetId][dependencies[i]] = true;
        }
    }

    function _mintReceipts(uint256 assetId, Share[] calldata shares) private {
        if (shares.length > MOST_HOLDERS) revert TooManyHolders(shares.length, MOST_HOLDERS);
        uint256 sum = 0;
        for (uint256 i = 0; i < shares.length; i++) {
            if (shares[i].shareBps == 0) revert EmptyShare(i);
            sum += shares[i].shareBps;
        }
        if (sum != ALL_BPS) revert SharesNot10000(sum);
        for (uint256 i = 0; i < shares.length; i++) {
            receipts.mint(assetId, shares[i].holder, shares[i].shareBps, shares[i].role);
        }
    }

    function _requireKnown(uint256 assetId) private view {
        if (assetId == 0 || assetId > assetCount) revert UnknownAsset(assetId);
    }

    function _requireAuthor(uint256 series) private view {
        address author = authorOf(series);
        if (msg.sender != author) revert NotAuthor(series, author, msg.sender);
    }
}
